// What the interface asks of Rust, on what is generated from it; where the interface says more, or less, it is written here.
// Ids, decimals and hashes are strings; times are milliseconds since 1970 of a relay's clock; sizes are bytes.
import type {
  AccessRow, AgreementView, AnswerValue, ApplicationView, ArrivalsView, Board, BoardPage, BoardPlace, BoardQuery, BundleIn, BundleOut, CriterionView,
  Dropped, EnrolForm, ExchangePlan, ExchangeReport, ExchangeState, FieldConflict, FileView, InvitationView, Invited, Me, PaceView, PageInfo, PeopleView, PersonRow, ProgrammeEntry,
  QueueVerdict, QueueView, RankingView, RemovalView, Role, RuledView, Saved, SearchHit, Sentence, SeverityView, SharesView, Submitted, TaskRow,
} from './bindings';

export type {
  AccessRow, AdviceView, AgreementLine, AgreementView, AnswerValue, AppStage, ApplicationView, ArrivalView, ArrivalsView, ArrivedPerson, Board, BoardPage, BoardPlace, BoardQuery, BoardRow,
  BoardSort, BundleIn, BundleOut, CriterionView, DecidedItem, Distribution, Dropped, EnrolForm, ExceptionView, ExchangePlan, ExchangeReport, ExchangeState,
  Failure, FieldConflict, FileView, Filter, FilterOption, GateView, InvitationRow, InvitationView, Invited, Me, MemberStanding, MoveLine, OutcomeView, PaceView, PageInfo, PeopleView,
  PersonRow, ProgrammeEntry, QueueApplication, QueueItem, QueueVerdict, QueueView, RankedRow, RankingView, ReaderRow, ReaderView, Reads, RemovalView,
  RenditionView, Role, RoundName, RuledView, Saved, SearchHit, SeenBy, Sentence, SeverityLine, SeverityView, SharesGroup, SharesTable, SharesView, StageCount, Submitted, TaskRow,
} from './bindings';

import type { AskingView, ConsistencyView, OwnPair, PinView, RemindersView, TypedView } from './bindings';

export type { Asked, AskingView, ConsistencyView, OwnCard, OwnPair, OwnReview, PinView, Reminded, RemindersView, TypedView } from './bindings';

import type {
  AttachedView, ChaseView, Compared, DossierRequest, Entered, Entry, EntryForm, EntryTyped, ExportRequest, ExportsView, IntakeChoices, IntakeProgress, IntakeReport, IntakeTable,
  ModerationView, PairView, RankView, RecordCard, RecordChoices, RecordForm, RecordResult, } from './bindings';

import type { DecidingView, FoundForm, GuestTable, GuestsInvited, PersonView, RelayForm, RelaysView } from './bindings';

export type { AccessDevice, DecidingView, FoundForm, GuestTable, GuestsInvited, PersonView, RelayForm, RelayLine, RelaysView } from './bindings';

import type {
  AssignmentPublished, AssignmentRules, AssignmentTable, AssignmentView, Candidate, DeviceRequest, DevicesView, ExplainView, FindingLine, LightView,
  ProgrammeView, ProposalLine, ProposalView, ReadingProfile, SeatsTrial, SelectionView,
} from './bindings';

export type {
  AssignmentPublished, AssignmentRules, AssignmentTable, AssignmentView, Candidate, AssignmentDraft, DeviceLine, DeviceRequest, DevicesView, ExplainView, FindingLine, FurtherLine, LightView,
  ProgrammeDraft, ProgrammeView, ProposalLine, ProposalView, ReadBy, ReaderLoad, Reading, ReadingProfile, SeatsTrial, SelectionRow, SelectionView,
} from './bindings';

import type {
  AccessDay, BackedUp, CareProgress, CheckView, ChosenFile, RecoverForm, RepairView, RestoreForm, SheetView, WhyView, WipeView,
} from './bindings';

export type {
  AccessDay, AccessDayRow, BackedUp, CareProgress, CheckView, ChosenFile, FoundLine, RecoverForm, RecoverSource, RepairView, RestoreForm, SheetView, WhyLine,
  WhyReader, WhyView, WipeView,
} from './bindings';

import type { BundleLook, ConflictRow, EligibilityPage, EligibilityQuery, EligibilityView, RulingForm, ScoresReader, ScoresReport, ScoresWay, TableChoices, TableView, VerdictsReport } from './bindings';

export type {
  BundleAuthor, BundleLook, ConditionView, ConflictRow, EligibilityPage, EligibilityQuery, EligibilityRow, EligibilityView, RulingForm, ScoreLine, ScoresReader, ScoresReport, ScoresWay, TableChoices, TablePart, TableView, VerdictLine, VerdictsReport, Wanting,
} from './bindings';

// ---------- first run, unlocking ----------
export interface Standing {
  open: Me | null;                 // null: nothing is unlocked
  programmes: ProgrammeEntry[];    // homes on this device; empty: first run
  version: string;
}
export interface Strength { bits: number; good: boolean; goodBits: number }
/** What a person chose for this device; nothing secret, kept outside of every home. */
export interface Preferences { language: string | null; theme: 'system' | 'light' | 'dark'; textSize: number; idleLockMinutes: number; hideTotal: boolean }
export interface RecoverySheet { words: string[] }  // 24 or so words, to be copied by hand

// ---------- reviewer ----------
export type WorkState = 'to-declare' | 'to-read' | 'on-device' | 'in-outbox' | 'held-by-relay' | 'opened-by-coordinator' | 'conflict' | 'unsure' | 'handed-back' | 'taken-back' | 'no-text';
export interface ReviewerHome {
  tasks: TaskRow[];
  outbox: number; lastExchangeMs: number | null; relayKnown: boolean;
  deadline: { round: string; local: string; programmeZone: string; programmeTime: string; ms: number } | null;
  counts: { assigned: number; toDeclare: number; drafts: number; inOutbox: number; held: number; opened: number };
  readyToTravel: boolean; unsealed: number;
  gaps: Sentence[];                               // packs of others that are missing
}
export interface Level { value: string; label: string | null; text: string }
export interface Draft {
  answers: Record<string, AnswerValue>; comments: Record<string, string>; pins: Record<string, PinView>; overall: string;
  confidence: string | null; attested: boolean;
}
/** Places of a scorecard, in `draftConflicts` and `missing`: `answer/KEY`, `reason/KEY`, `comment/KEY`, `overall`, `confidence`, `attestation`. */
export interface DossierView {
  application: string; label: string; round: string; roundLabel: string; state: WorkState; place: number; of: number;
  previous: string | null; next: string | null;
  card: TaskRow['card'];
  declaration: {
    declaration: 'none' | 'conflict' | 'unsure' | 'recused'; kind: string; note: string;
    mayTakeBack: boolean;                            // nobody else is known to have heard of it
    lifted: string | null;                           // why coordinators lifted it
  } | null;
  sections: { field: string; label: string; help: string | null; text: string; words: number }[];
  files: FileView[];
  criteria: CriterionView[]; attestation: string;
  confidence: { min: string; max: string; step: string } | null;
  draft: Draft; draftHeads: string[];                // with its newest changes
  draftConflicts: FieldConflict[];                   // two laptops: same field, different values
  submitted: { revision: number; draft: Draft; outcome: TaskRow['outcome'] } | null;
  total: string | null;                              // running total of the draft, as the programme counts it
  missing: { place: string | null; code: string; text: string }[];
  notes: string;
  again: boolean;                                    // to be read again
}

// ---------- exchange ----------
export interface Progress { phase: 'connecting' | 'sending' | 'receiving' | 'reading' | 'files' | 'done' | 'writing' | 'taking' | 'looking'; bytesDone: number; bytesTotal: number; secondsLeft: number | null }

// ---------- coordinator ----------
export type GateVerdict = 'met' | 'not-met' | 'open';
/** What coordinators make of an application's reviews: the order stands, somebody else reads it, the meeting talks about it. */
export type Settled = 'keep' | 'another-reader' | 'meeting';
export type { ModerationLine, ModerationRead, ModerationVerdict, ModerationView } from './bindings';

// ---------- intake ----------
export type {
  Compared, ComparedRow, CriterionName, DossierChoice, DossierRequest, ExportForm, ExportKind, ExportRequest, ExportsView, PairSide, PairView, PastExport, RankView, RecordCard, RecordChoices,
  PatternView, Placing, RecordForm, RecordReader, RecordResult, SaidView, SlotView, StrangeFolder, TakenDownView,
  AgainView, AttachedView, ChangeView, ChaseFile, ChaseLacks, ChaseRow, ChaseView, Entered, Entry, EntryAttachment, EntryField, EntryForm, EntryTyped, IntakeChoices,
  FiledView, FilePlace, IntakeColumn, IntakeField, IntakeProgress, IntakeReport, IntakeRow, IntakeTable, ProblemView, RemarkView, UnknownValue,
} from './bindings';

/** For whom a bundle is: whoever brings it on, everybody, or one person with all that this person may read. */
export type BundleTo = 'relay' | 'coordinators' | 'everyone' | { member: string };

// ---------- people and access ----------

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
  found(form: FoundForm): Promise<Me>;                             // creates a programme
  rehearse(passphrase: string): Promise<Me>;                       // three invented dossiers, a programme of one's own
  unlock(folder: string, passphrase: string): Promise<Me>;
  unlockByWords(folder: string, words: string[], newPassphrase: string): Promise<Me>;
  unlockByKeychain(folder: string): Promise<Me>;                   // of this computer's user; may wait for its own question
  letKeychainOpen(passphrase: string): Promise<void>;
  forbidKeychain(): Promise<boolean>;                              // true where the keychain may still hold what opens nothing
  lock(): Promise<void>;
  forget(): void;                                                  // drops what this page still holds of what was open
  recoveryBegin(): Promise<RecoverySheet>;
  recoveryConfirm(words: string[]): Promise<void>;
  recoveryLines(): Promise<string[]>;                              // what belongs on the sheet beside the words; nothing secret
  saveRecoveryLines(): Promise<string | null>;                     // asks where
  changePassphrase(old: string, next: string): Promise<void>;

  inspectRecoveryWords(words: string[]): Promise<void>;
  inspectRecoveryLines(lines: string): Promise<SheetView>;
  chooseRecoveryLines(): Promise<string | null>;                   // asks for their file
  chooseRecoveryBundle(): Promise<ChosenFile | null>;              // asks which
  recoverElsewhere(form: RecoverForm): Promise<Me>;                // with the words of a lost computer; `onProgress` hears of a relay, `cancel` ends it
  chooseBackup(): Promise<ChosenFile | null>;                      // asks which
  restoreBackup(form: RestoreForm): Promise<Me>;

  checkDevice(): Promise<CheckView>;                               // `cancel` ends it
  repairDevice(): Promise<RepairView>;
  onCareProgress(hear: (progress: CareProgress) => void): () => void;
  supportReport(): Promise<string>;
  saveReport(text: string): Promise<string | null>;                // asks where
  lastBackup(): Promise<number | null>;                            // by this device's clock
  backUp(passphrase: string): Promise<BackedUp | null>;            // asks where; the home is closed for it and opened again
  wiping(): Promise<WipeView>;
  wipe(name: string): Promise<boolean>;                            // deletes the open home; true where the keychain may still hold its entry

  reviewerHome(): Promise<ReviewerHome>;
  dossier(application: string, round: string): Promise<DossierView>;
  declare(application: string, declaration: 'none' | 'conflict' | 'unsure' | 'recused', kind: string, note: string): Promise<void>;
  handBack(application: string, reason: string): Promise<void>;    // cannot be read, and no conflict
  saveDraft(application: string, round: string, seen: string[], before: Draft, draft: Draft): Promise<Saved>; // what was made of `before` since these changes were seen
  saveNote(application: string, round: string, before: string, text: string): Promise<void>;
  markAgain(application: string, again: boolean): Promise<void>;   // to be read again; seen by nobody else
  submit(application: string, round: string, reason: string | null): Promise<Submitted>;
  consistency(again: boolean): Promise<ConsistencyView>;           // of everything, or of what is to be read again
  beside(round: string | null, one: string | null, other: string | null): Promise<OwnPair>; // null: chosen
  fileText(handle: string): Promise<string>;                       // for shown === 'text'
  filePages(handle: string): Promise<PageInfo>;                    // for 'pages' and 'image'
  fileTyped(handle: string): Promise<TypedView>;                   // what a person typed from it
  pageUrl(handle: string, page: number): string;                   // an <img src>
  saveFile(handle: string): Promise<string | null>;                // asks where, after a warning that it leaves the safe

  exchangeState(): Promise<ExchangeState>;
  exchangePlan(): Promise<ExchangePlan>;
  exchange(options: { files: 'none' | 'light' | 'assigned' | 'all'; budgetBytes: number | null }): Promise<ExchangeReport>;
  cancel(): Promise<void>;                                         // the long act under way
  onProgress(hear: (progress: Progress) => void): () => void;
  onChanged(hear: () => void): () => void;                         // something changed: read the view again
  onClosing(hear: () => void): () => void;                         // the window is to be closed: save, then leave
  leave(): Promise<void>;                                          // closes the window; a second press on its button does too
  bundleOut(to: BundleTo, files: boolean): Promise<BundleOut | null>;
  bundleIn(paths: string[] | null): Promise<BundleIn[] | null>;    // null: asks which; each with what came of it; stopped after some, gives those
  inspectBundles(paths: string[] | null): Promise<BundleLook[] | null>; // null: asks which; takes nothing in
  stopBundle(): Promise<void>;                                     // of what is written nothing is left, of a file that is taken in nothing comes

  board(): Promise<Board>;
  boardPage(query: BoardQuery): Promise<BoardPage>;
  boardAround(query: BoardQuery, application: string): Promise<BoardPlace | null>;
  pace(): Promise<PaceView[]>;                                     // whether the dates of open rounds hold
  application(id: string): Promise<ApplicationView>;
  explainApplication(id: string): Promise<WhyView>;                // why something of it is not here, or does not count
  judge(application: string, gate: string, verdict: GateVerdict | 'none', evidence: string, reason: string): Promise<void>; // both in place of those before; none: taken back
  askException(application: string, reason: string): Promise<void>;
  decideException(application: string, grant: boolean, reason: string): Promise<void>;
  takeBackException(application: string, decision: boolean): Promise<void>; // one's own decision, or one's own request
  typeFile(handle: string, pages: string[], shown?: string[]): Promise<string[]>; // in place of the typed texts that were shown; no page takes that back
  arrivals(): Promise<ArrivalsView>;                               // what arrived, whose, by which way
  queue(): Promise<QueueView>;
  queueSize(): Promise<number>;                                    // how many questions wait
  asking(ids: string[]): Promise<AskingView>;                      // whom a question about these goes to
  reminders(): Promise<RemindersView>;                             // who is behind
  decide(ids: string[], verdict: QueueVerdict, reason: string): Promise<void>;
  ranking(round: string | null): Promise<RankingView>;
  rank(application: string): Promise<RankView | null>;
  ruled(application: string): Promise<RuledView>;                  // what decided about it, for its printed page
  agreement(round: string | null): Promise<AgreementView>;
  severity(round: string | null): Promise<SeverityView>;           // ends one that is under way
  stopSeverity(): Promise<void>;
  shares(least: number): Promise<SharesView>;
  moderation(round: string | null): Promise<ModerationView>;       // null: the first round
  moderate(application: string, round: string, verdict: Settled | null, reason: string): Promise<void>; // null: taken back
  selection(round: string | null, trial: SeatsTrial | null): Promise<SelectionView>; // null: the programme's own seats; nothing is stored
  eligibility(): Promise<EligibilityView>;
  eligibilityPage(query: EligibilityQuery): Promise<EligibilityPage>;
  chooseVerdicts(): Promise<boolean>;                              // asks which table; false: called off
  verdictsTable(sheet: string | null): Promise<TableView | null>;  // null: none was chosen
  previewVerdicts(choices: TableChoices): Promise<VerdictsReport>; // changes nothing
  takeVerdicts(choices: TableChoices): Promise<VerdictsReport>;    // `cancel` stops it between two steps; `onIntakeProgress` hears of it

  assignment(round: string | null): Promise<AssignmentView>;       // null: the first round
  candidates(round: string, application: string): Promise<Candidate[]>;
  propose(round: string, rules: AssignmentRules, partial: boolean): Promise<ProposalView>; // becomes the draft where whole, or where `partial` says so
  proposeFurther(round: string, rules: AssignmentRules, partial: boolean): Promise<ProposalView>; // one more reader wherever the round's rule asks for one
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
  keepEntry(application: string | null, typed: EntryTyped): Promise<void>; // until it is taken in; nobody is told of a change
  enter(entry: Entry): Promise<Entered>;
  attach(application: string, slot: string | null): Promise<AttachedView | null>; // asks which files
  withdraw(application: string, withdrawn: boolean, route: string | null, reason: string): Promise<number>; // taken back from so many readers
  chase(): Promise<ChaseView>;
  duplicates(): Promise<PairView[]>;                              // what waits for a decision first
  comparePair(one: string, other: string): Promise<Compared>;
  judgePair(one: string, other: string, verdict: 'same' | 'different' | 'open', keep: string | null, reason: string): Promise<void>; // open: taken back
  exports(): Promise<ExportsView>;
  export(request: ExportRequest): Promise<string | null>;        // asks where; path, or null when called off
  exportDossiers(request: DossierRequest): Promise<string | null>; // asks where: a file, or a folder in which one is made
  recordChoices(application: string): Promise<RecordChoices>;
  keepRecords(application: string, forms: RecordForm[]): Promise<void>; // until they are taken down; nobody is told of a change
  recordCard(application: string, member: string, round: string): Promise<RecordCard>;
  recordPreview(form: RecordForm): Promise<RecordResult>;         // writes nothing
  record(form: RecordForm): Promise<RecordResult>;
  chooseScores(): Promise<boolean>;                               // asks which table; false: called off
  scoresTable(sheet: string | null): Promise<TableView | null>;   // null: none was chosen
  scoresReaders(): Promise<ScoresReader[]>;                       // whose scores a coordinator can take down
  previewScores(choices: TableChoices, way: ScoresWay): Promise<ScoresReport>; // writes nothing
  takeScores(choices: TableChoices, way: ScoresWay): Promise<ScoresReport>;    // whole or not at all
  conflicts(): Promise<ConflictRow[]>;                             // what readers declared, and what was ruled
  ruleConflict(form: RulingForm): Promise<void>;

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
  person(member: string): Promise<PersonView>;
  invite(name: string, roles: Role[]): Promise<Invited>;
  saveInvitation(link: string, name: string): Promise<string | null>; // asks where
  guestTable(): Promise<GuestTable | null>;                        // asks which table; nobody is invited yet
  inviteGuests(path: string, seal: string): Promise<GuestsInvited | null>; // asks for a folder, and writes a file for each into it
  withdrawInvitation(id: string): Promise<void>;
  setReading(member: string, profile: ReadingProfile): Promise<ReadingProfile>; // gives what was known before
  admit(path: string | null): Promise<PersonRow | null>;           // null: asks for the answer's file
  confirmWords(member: string): Promise<void>;
  removal(member: string): Promise<RemovalView>;
  suspend(member: string): Promise<void>;
  lift(member: string): Promise<void>;
  remove(member: string): Promise<void>;
  deciding(): Promise<DecidingView>;
  giveRoles(member: string, roles: Role[]): Promise<boolean>;      // whether it counts already; else other admins must sign
  takeRoles(member: string, roles: Role[]): Promise<boolean>;      // for ever
  setRemovalNeeds(needed: number): Promise<boolean>;
  access(): Promise<AccessRow[]>;
  accessOn(application: string, fromMs: number, toMs: number): Promise<AccessDay>; // by the application's key; a day, to the first moment of the next
  ownDevices(): Promise<DevicesView>;
  devicePass(): Promise<string>;                                   // a link, for one further device alone
  savePass(link: string): Promise<string | null>;                  // asks where
  deviceRequest(path: string | null): Promise<DeviceRequest | null>; // null: asks for the answer's file
  addDevice(path: string, words: string): Promise<boolean>;        // whether it acts already; else other admins must sign
  removeDevice(device: string): Promise<boolean>;
  proposals(): Promise<ProposalLine[]>;                            // what several admins must sign
  signProposal(id: string): Promise<boolean>;                      // whether it counts by now

  relays(): Promise<RelaysView>;
  relayKey(address: string): Promise<string | null>;               // asks what answers there; null: it does not say it
  setRelayAddress(key: string, address: string): Promise<boolean>; // tried first; whether every member is told
  addRelay(form: RelayForm, spare: boolean): Promise<boolean>;     // whether it counts already
  dropRelay(key: string): Promise<boolean>;

  search(text: string): Promise<SearchHit[]>;
}
