// What the interface asks of Rust. To be replaced by the bindings generated from Rust (same names and shapes).
// Ids, decimals and hashes are strings; times are milliseconds since 1970 of a relay's clock; sizes are bytes.
import type {
  AttachedView, ChaseRow, Compared, CriterionName, Entered, Entry, EntryForm, ExportRequest, ExportsView, IntakeChoices, IntakeProgress, IntakeReport, IntakeTable,
  PairSide, PairView, RankView, RecordCard, RecordChoices, RecordForm, RecordResult, SaidView, TakenDownView,
} from './bindings';

import type {
  AssignmentPublished, AssignmentRules, AssignmentTable, AssignmentView, Candidate, DeviceRequest, DevicesView, ExplainView, FindingLine, LightView,
  ProgrammeView, ProposalLine, ProposalView, SeatsTrial, SelectionView,
} from './bindings';

export type {
  AssignmentPublished, AssignmentRules, AssignmentTable, AssignmentView, Candidate, AssignmentDraft, DeviceLine, DeviceRequest, DevicesView, ExplainView, FindingLine, LightView,
  ProgrammeDraft, ProgrammeView, ProposalLine, ProposalView, ReadBy, ReaderLoad, Reading, SeatsTrial, SelectionRow, SelectionView,
} from './bindings';

export interface Failure { code: string; message: string; hint: string | null; at: string | null }   // rejected promises carry this
/** A sentence of the engine: `code` picks the translation, `params` fill it, `text` is the English of it. */
export interface Sentence { code: string; text: string; params: Record<string, string> }

// ---------- first run, unlocking ----------
export interface ProgrammeEntry { folder: string; label: string; lastOpenedMs: number | null }
export interface Standing {
  open: Me | null;                 // null: nothing is unlocked
  programmes: ProgrammeEntry[];    // homes on this device; empty: first run
  version: string;
}
export interface Me {
  folder: string; programmeId: string; programme: string; demo: boolean; memberId: string; name: string; deviceId: string;
  roles: Role[]; state: 'waiting' | 'active' | 'suspended' | 'removed';
  checkWords: string[] | null;     // six words to compare with the inviter; null: not known yet
  checked: boolean;
  recoveryKept: boolean;           // a recovery sheet was typed back
  notices: Sentence[];             // e.g. this home was replaced by an older copy
}
export type Role = 'reviewer' | 'coordinator' | 'admin';
export interface InvitationView { programme: string; roles: Role[]; demo: boolean; furtherDevice: boolean }
export interface Strength { bits: number; good: boolean; goodBits: number }
export interface EnrolForm { invitation: string; label: string; passphrase: string; name: string; email: string; conflicts: string[] }
/** What a person chose for this device; nothing secret, kept outside of every home. */
export interface Preferences { language: string | null; theme: 'system' | 'light' | 'dark'; textSize: number; idleLockMinutes: number; hideTotal: boolean }
/** Something dropped on the window, or opened with Tessera: an invitation's text, or bundles by their paths. */
export type Dropped = { kind: 'over' } | { kind: 'left' } | { kind: 'intake'; table: string | null; folder: string | null } | { kind: 'invitation'; text: string } | { kind: 'answers'; paths: string[] } | { kind: 'bundles'; paths: string[] } | { kind: 'other'; names: string[] };
export interface RecoverySheet { words: string[] }  // 24 or so words, to be copied by hand

// ---------- reviewer ----------
export type WorkState = 'to-declare' | 'to-read' | 'on-device' | 'in-outbox' | 'held-by-relay' | 'opened-by-coordinator' | 'conflict' | 'taken-back' | 'no-text';
export interface TaskRow {
  application: string; label: string; round: string; roundLabel: string; place: number;
  state: WorkState; outcome: string | null;      // 'counted' | 'waits' | 'set-aside' …
  answered: number; criteria: number; revision: number;
  readable: boolean; filesHere: number; filesAll: number; filesBytesLeft: number;
  card: { field: string; label: string; value: string }[];
}
export interface ReviewerHome {
  tasks: TaskRow[];
  outbox: number; lastExchangeMs: number | null; relayKnown: boolean;
  deadline: { round: string; local: string; programmeZone: string; programmeTime: string; ms: number } | null;
  counts: { assigned: number; toDeclare: number; drafts: number; inOutbox: number; held: number; opened: number };
  readyToTravel: boolean; unsealed: number;
  gaps: Sentence[];                               // packs of others that are missing
}
export interface Level { value: string; label: string | null; text: string }
export interface CriterionView {
  key: string; label: string; help: string | null; weight: string | null; required: boolean;
  kind: 'score' | 'advantage' | 'flag'; min: string; max: string; step: string; scores: string[]; // listed scores, at most 21; empty: free number within min..max
  levels: Level[];
}
export interface AnswerValue { score: string | null; notApplicable: string | null } // reason where N/A; both null: unanswered
export interface Draft {
  answers: Record<string, AnswerValue>; comments: Record<string, string>; overall: string;
  confidence: string | null; attested: boolean;
}
export interface FileView {
  handle: string; slot: string; slotLabel: string; name: string; mediaType: string; sizeBytes: number; here: boolean; light: boolean;
  shown: 'pages' | 'image' | 'text' | 'described';   // how the reader shows it
}
/** Places of a scorecard, in `draftConflicts` and `missing`: `answer/KEY`, `comment/KEY`, `overall`, `confidence`, `attestation`. */
export interface DossierView {
  application: string; label: string; round: string; roundLabel: string; state: WorkState; place: number; of: number;
  previous: string | null; next: string | null;
  card: TaskRow['card'];
  declaration: { declaration: 'none' | 'conflict' | 'unsure' | 'recused'; kind: string; note: string } | null;
  sections: { field: string; label: string; help: string | null; text: string; words: number }[];
  files: FileView[];
  criteria: CriterionView[]; attestation: string;
  confidence: { min: string; max: string; step: string } | null;
  draft: Draft; draftConflicts: { field: string; values: string[] }[];   // two laptops: same field, different values
  submitted: { revision: number; answers: Record<string, AnswerValue>; outcome: string | null } | null;
  total: string | null;                              // running total of the draft, as the programme counts it
  missing: { place: string | null; code: string; text: string }[];
  notes: string;
}
export interface Saved { total: string | null; missing: DossierView['missing'] }
export type Submitted =
  | { kind: 'submitted'; revision: number } | { kind: 'same'; revision: number }
  | { kind: 'needs-reason' } | { kind: 'missing'; missing: DossierView['missing'] };
export interface PageInfo { pages: number; text: string[] }   // of a PDF or an image; `text` by page, for screen readers and search
export interface Distribution { criterion: string; label: string; counts: { score: string; count: number }[]; mean: string | null }

// ---------- exchange ----------
export interface Progress { phase: 'connecting' | 'sending' | 'receiving' | 'reading' | 'files' | 'done'; done: number; total: number; bytesDone: number; bytesTotal: number }
export interface ExchangeReport {
  relay: string; newPacks: number; receipts: number; waiting: number; refused: number; outbox: number;
  filesSent: number; filesReceived: number; filesLeft: number; bytesUp: number; bytesDown: number; leftBytes: number; warnings: Sentence[];
}
/** What the frame of the window says about the exchange, for every role. */
export interface ExchangeState { outbox: number; lastExchangeMs: number | null; relayKnown: boolean; running: boolean }
export interface ExchangePlan { packsUp: number; bytesUp: number; packsDown: number; bytesDown: number; files: number; filesBytes: number; bytesPerSecond: number | null } // as fast as the last time; null: not known
export interface BundleOut { path: string; parts: number; bytes: number; packs: number }
export interface BundleIn { path: string; newPacks: number; known: number; refused: number; waiting: number; receipts: number; warnings: Sentence[] }

// ---------- coordinator ----------
export type AppStage = 'received' | 'contested' | 'ineligible' | 'eligible' | 'assigned' | 'read' | 'withdrawn';
export interface StageCount { stage: AppStage; count: number }
export interface Reads { done: number; wanted: number }
export interface ReaderRow { member: string; name: string; assigned: number; submitted: number }
export interface FilterOption { key: string; label: string }
export interface Filter { field: string; label: string; options: FilterOption[] }
export interface Board {
  stages: StageCount[]; total: number; reads: Reads; readers: ReaderRow[];   // the most behind first
  lastExchangeMs: number | null; filters: Filter[];
}
export interface BoardRow {
  application: string; key: string; title: string; stage: AppStage; readers: number; wanted: number; reviews: number; files: number;
  lacks: string[]; answers: Record<string, string>;
}
export type BoardSort = 'key' | 'title' | 'stage' | 'reviews';
export interface BoardQuery { text: string; stage: AppStage | null; field: string | null; value: string | null; sort: BoardSort; descending: boolean; offset: number; limit: number }
export interface BoardPage { total: number; rows: BoardRow[] }
export interface BoardPlace { previous: string | null; next: string | null; place: number; of: number }
export type GateVerdict = 'met' | 'not-met' | 'open';
export interface GateView { gate: string; question: string; evidence: string | null; verdict: string | null; reason: string; by: string[]; said: SaidView[]; liftable: boolean }
export interface ExceptionView { asked: string | null; askedBy: string | null; granted: boolean | null; decidedBy: string | null; mayGrant: boolean }
export interface ReaderView {
  member: string; name: string; round: string; roundKey: string; state: string; conflict: string | null; revision: number | null; counts: boolean;
  scores: Record<string, string>; waits: string[]; takenDown: TakenDownView | null;
}
export interface ApplicationView {
  application: string; key: string; title: string; outcome: string;   // 'eligible' | 'by-exception' | 'not-eligible' | 'undecided' | 'contested'
  withdrawn: string | null; sections: DossierView['sections']; identity: TaskRow['card']; files: FileView[]; lacks: string[];
  gates: GateView[]; exception: ExceptionView | null; readers: ReaderView[]; openTo: string[]; duplicates: PairSide[];
  criteria: CriterionName[]; route: string | null; onBehalf: boolean;
}
export interface QueueApplication { application: string; label: string; round: string | null }
export interface QueueItem {
  id: string; code: string; sentence: string; recommended: string; reason: string;   // sentence and reason in English
  member: string | null; memberId: string | null; applications: QueueApplication[]; place: string; placeLabel: string;
  says: string[];                                 // what this side says, then the others
  asked: boolean; question: string;               // the same for sides of one question
}
export type QueueVerdict = 'accept' | 'set-aside' | 'ask';
export interface DecidedItem { item: QueueItem; verdict: QueueVerdict; reason: string; by: string }
export interface QueueView { waiting: QueueItem[]; notices: QueueItem[]; decided: DecidedItem[] }
export interface AdviceView { sentence: Sentence; act: Sentence }
export interface RoundName { key: string; label: string }
export interface RankedRow {
  application: string | null; key: string; title: string; rank: number | null; tiedWith: string[]; tieBrokenBy: string | null;
  total: string | null; sd: string | null; reads: number; min: string | null; max: string | null; incomplete: boolean;
}
export interface RankingView { round: string | null; rounds: RoundName[]; rows: RankedRow[]; seats: number | null; advice: AdviceView; warnings: Sentence[] }
export interface AgreementLine { criterion: string; label: string; metric: string; alpha: string | null; low: string | null; high: string | null; units: number; sentence: Sentence }
export interface AgreementView { rows: AgreementLine[]; advice: AdviceView }
export interface SeverityLine { reader: string; reads: number; effect: string | null; sd: string | null }   // positive: more points than a typical reader
export interface MoveLine { key: string; raw: string | null; rawRank: number | null; corrected: string | null; rank: number | null; chance: number | null; band: boolean }
export interface SeverityView {
  light: string;                                  // 'red' | 'amber' | 'green': whether a correction helps
  recallRaw: string | null; recallCorrected: string | null; withheld: boolean; readers: SeverityLine[]; moves: MoveLine[];
  advice: AdviceView; warnings: Sentence[];
}

// ---------- intake ----------
export type {
  Compared, ComparedRow, CriterionName, ExportForm, ExportKind, ExportRequest, ExportsView, PairSide, PairView, PastExport, RankView, RecordCard, RecordChoices,
  RecordForm, RecordReader, RecordResult, SaidView, TakenDownView,
  AgainView, AttachedView, ChangeView, ChaseFile, ChaseRow, Entered, Entry, EntryAttachment, EntryField, EntryForm, IntakeChoices,
  IntakeColumn, IntakeField, IntakeProgress, IntakeReport, IntakeRow, IntakeTable, ProblemView, RemarkView, UnknownValue,
} from './bindings';

/** For whom a bundle is: whoever brings it on, everybody, or one person with all that this person may read. */
export type BundleTo = 'relay' | 'coordinators' | 'everyone' | { member: string };

// ---------- people and access ----------
export type MemberStanding = 'waiting' | 'active' | 'suspended' | 'removed';
export interface PersonRow {
  member: string; name: string; contact: string; roles: Role[]; standing: MemberStanding; checked: boolean;
  checkWords: string[] | null;                    // where this device invited
  devices: number; papers: number; me: boolean;
}
export interface InvitationRow { id: string; name: string }
export interface PeopleView { people: PersonRow[]; invitations: InvitationRow[]; mayInvite: Role[]; mayRemove: boolean }
export interface Invited { id: string; link: string }
export interface AccessRow { member: string; name: string; what: string; count: number; applications: string[]; now: boolean }
export interface RemovalView { name: string; devices: number; dossiers: number; assignments: number; reviews: number; needsOthers: boolean }

export interface SearchHit { application: string; label: string; round: string | null; /* where it is one's own task */ kind: string; field: string; before: string; match: string; after: string }

/** One port between interface and backend: nothing else of the interface knows Tauri. */
export interface Backend {
  standing(): Promise<Standing>;
  preferences(): Promise<Preferences>;
  savePreferences(preferences: Preferences): Promise<void>;
  chooseInvitation(): Promise<string | null>;                      // asks for a file; its text, or null when called off
  onDropped(hear: (what: Dropped) => void): () => void;            // also links and files that were opened with Tessera
  inspectInvitation(text: string): Promise<InvitationView>;       // link, or the contents of an invitation file
  generatePassphrase(): Promise<string>;
  strength(passphrase: string): Promise<Strength>;
  enrol(form: EnrolForm): Promise<Me>;
  saveAnswer(): Promise<string | null>;                            // asks where; path, or null when called off
  found(toml: string, label: string, passphrase: string, name: string): Promise<Me>; // creates a programme
  rehearse(passphrase: string): Promise<Me>;                       // three invented dossiers, a programme of one's own
  unlock(folder: string, passphrase: string): Promise<Me>;
  unlockByWords(folder: string, words: string[], newPassphrase: string): Promise<Me>;
  lock(): Promise<void>;
  recoveryBegin(): Promise<RecoverySheet>;
  recoveryConfirm(words: string[]): Promise<void>;
  changePassphrase(old: string, next: string): Promise<void>;

  reviewerHome(): Promise<ReviewerHome>;
  dossier(application: string, round: string): Promise<DossierView>;
  declare(application: string, declaration: 'none' | 'conflict' | 'unsure' | 'recused', kind: string, note: string): Promise<void>;
  saveDraft(application: string, round: string, draft: Draft): Promise<Saved>;
  saveNote(application: string, round: string, text: string): Promise<void>;
  settleDraft(application: string, round: string, field: string, value: string): Promise<void>; // two laptops: this value stays
  submit(application: string, round: string, reason: string | null): Promise<Submitted>;
  distribution(): Promise<Distribution[]>;
  fileText(handle: string): Promise<string>;                       // for shown === 'text'
  filePages(handle: string): Promise<PageInfo>;                    // for 'pages' and 'image'
  pageUrl(handle: string, page: number): string;                   // an <img src>
  saveFile(handle: string): Promise<string | null>;                // asks where, after a warning that it leaves the safe

  exchangeState(): Promise<ExchangeState>;
  exchangePlan(): Promise<ExchangePlan>;
  exchange(options: { files: 'none' | 'assigned' | 'all'; budgetBytes: number | null }): Promise<ExchangeReport>;
  cancel(): Promise<void>;                                         // the long act under way
  onProgress(hear: (progress: Progress) => void): () => void;
  onChanged(hear: () => void): () => void;                         // something changed: read the view again
  onClosing(hear: () => void): () => void;                         // the window is to be closed: save, then leave
  leave(): Promise<void>;                                          // closes the window; a second press on its button does too
  bundleOut(to: BundleTo, files: boolean): Promise<BundleOut | null>;
  bundleIn(paths: string[] | null): Promise<BundleIn[] | null>;    // null: asks which

  board(): Promise<Board>;
  boardPage(query: BoardQuery): Promise<BoardPage>;
  boardAround(query: BoardQuery, application: string): Promise<BoardPlace | null>;
  application(id: string): Promise<ApplicationView>;
  judge(application: string, gate: string, verdict: GateVerdict, reason: string): Promise<void>;
  askException(application: string, reason: string): Promise<void>;
  decideException(application: string, grant: boolean, reason: string): Promise<void>;
  queue(): Promise<QueueView>;
  queueSize(): Promise<number>;                                    // how many questions wait
  decide(ids: string[], verdict: QueueVerdict, reason: string): Promise<void>;
  ranking(round: string | null): Promise<RankingView>;
  rank(application: string): Promise<RankView | null>;
  agreement(round: string | null): Promise<AgreementView>;
  severity(round: string | null): Promise<SeverityView>;
  selection(round: string | null, trial: SeatsTrial | null): Promise<SelectionView>; // null: the programme's own seats; nothing is stored

  assignment(round: string | null): Promise<AssignmentView>;       // null: the first round
  candidates(round: string, application: string): Promise<Candidate[]>;
  propose(round: string, rules: AssignmentRules, partial: boolean): Promise<ProposalView>; // becomes the draft where whole, or where `partial` says so
  stopProposal(): Promise<void>;
  explainPair(round: string, application: string, member: string, rules: AssignmentRules): Promise<ExplainView>;
  assignmentLight(round: string): Promise<LightView>;
  swapReader(round: string, application: string, out: string | null, into: string | null, reason: string): Promise<void>;
  takeBackUnread(round: string, member: string, reason: string): Promise<number>;
  discardDraft(): Promise<number>;
  publishAssignment(partial: boolean): Promise<AssignmentPublished>;
  importAssignment(round: string): Promise<AssignmentTable | null>; // asks which file
  chooseWishes(): Promise<number | null>;                          // asks which file; how many pairs it knows
  forgetWishes(): Promise<void>;
  intakeChooseTable(dropped: boolean): Promise<boolean>;          // asks which, or takes what was dropped; false: called off
  intakeChooseFolder(dropped: boolean): Promise<boolean>;
  intakeForget(folderAlone: boolean): Promise<void>;
  intakeTable(sheet: string | null): Promise<IntakeTable | null>; // null: none was chosen
  intakePreview(choices: IntakeChoices): Promise<IntakeReport>;   // changes nothing; `cancel` stops it
  intakeTake(choices: IntakeChoices): Promise<IntakeReport>;      // `cancel` stops it between two steps
  onIntakeProgress(hear: (progress: IntakeProgress) => void): () => void;
  entryForm(application: string | null): Promise<EntryForm>;
  enter(entry: Entry): Promise<Entered>;
  attach(application: string, slot: string | null): Promise<AttachedView | null>; // asks which files
  withdraw(application: string, withdrawn: boolean, route: string | null, reason: string): Promise<number>; // taken back from so many readers
  chase(): Promise<ChaseRow[]>;
  duplicates(): Promise<PairView[]>;                              // what waits for a decision first
  comparePair(one: string, other: string): Promise<Compared>;
  judgePair(one: string, other: string, verdict: 'same' | 'different', keep: string | null, reason: string): Promise<void>;
  exports(): Promise<ExportsView>;
  export(request: ExportRequest): Promise<string | null>;        // asks where; path, or null when called off
  recordChoices(application: string): Promise<RecordChoices>;
  recordCard(application: string, member: string, round: string): Promise<RecordCard>;
  recordPreview(form: RecordForm): Promise<RecordResult>;         // writes nothing
  record(form: RecordForm): Promise<RecordResult>;

  programme(): Promise<ProgrammeView>;
  beginProgramme(): Promise<void>;                                 // a draft of what is published
  beginProgrammeFrom(toml: string): Promise<void>;
  openProgramme(): Promise<boolean>;                               // asks which file; false: called off
  saveProgramme(draft: boolean): Promise<string | null>;           // asks where
  draftProgramme(definition: string): Promise<FindingLine[]>;      // keeps it; what it lacks
  discardProgramme(): Promise<void>;
  publishProgramme(accepted: string, reason: string): Promise<number>; // the revision's number
  closeRound(round: string): Promise<void>;

  people(): Promise<PeopleView>;
  invite(name: string, roles: Role[]): Promise<Invited>;
  saveInvitation(link: string, name: string): Promise<string | null>; // asks where
  setReading(member: string, profile: ReadingProfile): Promise<ReadingProfile>; // gives what was known before
  admit(path: string | null): Promise<PersonRow | null>;           // null: asks for the answer's file
  confirmWords(member: string): Promise<void>;
  removal(member: string): Promise<RemovalView>;
  suspend(member: string): Promise<void>;
  lift(member: string): Promise<void>;
  remove(member: string): Promise<void>;
  access(): Promise<AccessRow[]>;
  ownDevices(): Promise<DevicesView>;
  devicePass(): Promise<string>;                                   // a link, for one further device alone
  savePass(link: string): Promise<string | null>;                  // asks where
  deviceRequest(path: string | null): Promise<DeviceRequest | null>; // null: asks for the answer's file
  addDevice(path: string, words: string): Promise<boolean>;        // whether it acts already; else other admins must sign
  removeDevice(device: string): Promise<boolean>;
  proposals(): Promise<ProposalLine[]>;                            // what several admins must sign
  signProposal(id: string): Promise<boolean>;                      // whether it counts by now

  search(text: string): Promise<SearchHit[]>;
}
