// The backend of the window: the commands and events that are generated from Rust, under the names of the port. What is here
// maps one to the other and decides nothing.
import { commands, events, type BundleFor } from './bindings';
import { dateTime } from '../i18n/format';
import { t } from '../i18n/i18n.svelte';
import type { Backend, BundleTo, DossierView, Preferences, Progress } from './contract';

/** Hears an event of the window until told to stop. */
function hearing<T>(event: { listen(hear: (event: { payload: T }) => void): Promise<() => void> }, hear: (payload: T) => void): () => void {
  let stopped = false;
  let stop: (() => void) | null = null;
  void event.listen(({ payload }) => hear(payload)).then((end) => {
    stop = end;
    if (stopped) end();
  });
  return () => {
    stopped = true;
    stop?.();
  };
}

const PHASES: Record<string, Progress['phase']> = {
  connecting: 'connecting', waiting: 'connecting', sending: 'sending', receiving: 'receiving', reading: 'reading', attachments: 'files',
  writing: 'writing', taking: 'taking', looking: 'looking',
};
const FOR: Record<Exclude<BundleTo, object>, BundleFor> = {
  relay: { kind: 'outbox' }, coordinators: { kind: 'outbox' }, everyone: { kind: 'everything' },
};

/** Labels come in the language of the interface: the one that was chosen, else the system's. */
const speak = (preferences: Preferences) => commands.setLanguage(preferences.language ?? navigator.language.slice(0, 2));

/** Rust locks a home that nobody uses; reading and scrolling ask it for nothing, so it is told now and then. */
const EVERY_MS = 30_000;
let told = 0;
for (const kind of ['pointerdown', 'keydown', 'wheel'] as const) {
  window.addEventListener(kind, () => {
    if (Date.now() - told < EVERY_MS) return;
    told = Date.now();
    void commands.touch();
  }, { capture: true, passive: true });
}

async function nothing(act: Promise<unknown>): Promise<void> {
  await act;
}

export const tauri: Backend = {
  standing: commands.standing,
  preferences: async () => {
    const preferences = (await commands.preferences()) as Preferences;
    await speak(preferences);
    return preferences;
  },
  savePreferences: async (preferences) => {
    await commands.setPreferences(preferences);
    await speak(preferences);
  },
  chooseInvitation: commands.chooseInvitation,
  onDropped: (hear) => {
    void commands.givenAtStart().then((given) => {
      given.forEach(hear);
    });
    return hearing(events.droppedEvent, hear);
  },
  inspectInvitation: commands.inspectInvitation,
  generatePassphrase: commands.generatePassphrase,
  strength: commands.strength,
  enrol: commands.enrol,
  saveAnswer: commands.saveAnswer,
  found: commands.found,
  rehearse: (passphrase) => commands.rehearse(t('start.try-label'), passphrase),
  unlock: commands.unlock,
  unlockByWords: commands.unlockByWords,
  unlockByKeychain: commands.unlockByKeychain,
  letKeychainOpen: (passphrase) => nothing(commands.letKeychainOpen(passphrase)),
  forbidKeychain: commands.forbidKeychain,
  lock: () => nothing(commands.lock()),
  forget: () => {
    window.location.reload();
  },
  recoveryBegin: async () => ({ words: await commands.drawSheet() }),
  recoveryConfirm: (words) => nothing(commands.rehearseSheet(words)),
  recoveryLines: commands.recoveryLines,
  saveRecoveryLines: commands.saveRecoveryLines,
  changePassphrase: (old, next) => nothing(commands.changePassphrase(old, next)),

  inspectRecoveryWords: (words) => nothing(commands.inspectRecoveryWords(words)),
  inspectRecoveryLines: commands.inspectRecoveryLines,
  chooseRecoveryLines: commands.chooseRecoveryLines,
  chooseRecoveryBundle: commands.chooseRecoveryBundle,
  recoverElsewhere: commands.recoverElsewhere,
  chooseBackup: commands.chooseBackup,
  restoreBackup: commands.restoreBackup,

  checkDevice: commands.checkDevice,
  repairDevice: commands.repairDevice,
  onCareProgress: (hear) => hearing(events.careEvent, hear),
  supportReport: commands.supportReport,
  saveReport: commands.saveReport,
  lastBackup: commands.lastBackup,
  backUp: commands.backUp,
  wiping: commands.wiping,
  wipe: commands.wipe,

  reviewerHome: async () => {
    const home = await commands.reviewerHome();
    return { ...home, deadline: home.deadline && { ...home.deadline, local: dateTime(home.deadline.ms) } };
  },
  dossier: async (application, round) => {
    const view = await commands.dossier(application, round);
    const { min, max } = view.confidence;
    return { ...view, attestation: t('review.attest'), confidence: { min: String(min), max: String(max), step: '1' } } as DossierView;
  },
  declare: (application, declaration, kind, note) => nothing(commands.declare(application, declaration, kind, note)),
  handBack: (application, reason) => nothing(commands.handBack(application, reason)),
  saveDraft: commands.saveDraft,
  saveNote: (application, _round, before, text) => nothing(commands.saveNote(application, before, text)),
  markAgain: (application, again) => nothing(commands.markAgain(application, again)),
  submit: commands.submit,
  consistency: commands.consistency,
  beside: commands.beside,
  fileText: commands.fileText,
  filePages: commands.filePages,
  fileTyped: commands.fileTyped,
  pageUrl: (handle, page) => `page://localhost/${handle}/${page}`,
  saveFile: commands.saveFile,

  exchangeState: async () => ({ ...(await commands.exchangeState()), running: false }),
  exchangePlan: () => commands.exchangePlan({ files: 'assigned', budgetBytes: null }),
  exchange: commands.exchange,
  cancel: () => nothing(commands.cancel()),
  onProgress: (hear) =>
    hearing(events.progressEvent, ({ phase, ...progress }) => {
      hear({ phase: PHASES[phase] ?? 'connecting', ...progress });
    }),
  onChanged: (hear) => {
    const stops = [hearing(events.changedEvent, () => hear()), hearing(events.lockedEvent, () => hear())];
    return () => stops.forEach((stop) => stop());
  },
  onClosing: (hear) => hearing(events.closingEvent, () => hear()),
  leave: () => nothing(commands.leave()),
  bundleOut: (to, files) => commands.bundleOut(typeof to === 'string' ? FOR[to] : { kind: 'member', member: to.member }, files),
  bundleIn: commands.bundleIn,
  inspectBundles: commands.inspectBundles,
  stopBundle: () => nothing(commands.stopBundle()),

  board: commands.board,
  boardPage: commands.boardPage,
  boardAround: commands.boardAround,
  pace: commands.pace,
  application: commands.application,
  explainApplication: commands.explainApplication,
  judge: (...given) => nothing(commands.judge(...given)),
  askException: (application, reason) => nothing(commands.askException(application, reason)),
  decideException: (application, grant, reason) => nothing(commands.decideException(application, grant, reason)),
  takeBackException: (application, decision) => nothing(commands.takeBackException(application, decision)),
  typeFile: (handle, pages, shown) => commands.typeFile(handle, pages, shown ?? null),
  queue: commands.queue,
  arrivals: commands.arrivals,
  queueSize: commands.queueSize,
  asking: commands.asking,
  reminders: commands.reminders,
  decide: (ids, verdict, reason) => nothing(commands.decide(ids, verdict, reason)),
  ranking: commands.ranking,
  rank: commands.rank,
  ruled: commands.ruled,
  agreement: commands.agreement,
  severity: commands.severity,
  stopSeverity: () => nothing(commands.stopSeverity()),
  shares: commands.shares,
  moderation: commands.moderation,
  moderate: (application, round, verdict, reason) => nothing(commands.moderate(application, round, verdict, reason)),
  selection: commands.selection,
  eligibility: commands.eligibility,
  eligibilityPage: commands.eligibilityPage,
  chooseVerdicts: commands.chooseVerdicts,
  verdictsTable: commands.verdictsTable,
  previewVerdicts: commands.previewVerdicts,
  takeVerdicts: commands.takeVerdicts,

  assignment: commands.assignment,
  candidates: commands.candidates,
  propose: commands.propose,
  proposeFurther: commands.proposeFurther,
  stopProposal: () => nothing(commands.stopProposal()),
  explainPair: commands.explainPair,
  assignmentLight: commands.assignmentLight,
  swapReader: (...given) => nothing(commands.swapReader(...given)),
  takeBackUnread: commands.takeBackUnread,
  discardDraft: commands.discardDraft,
  publishAssignment: commands.publishAssignment,
  importAssignment: commands.importAssignment,
  chooseWishes: commands.chooseWishes,
  forgetWishes: () => nothing(commands.forgetWishes()),
  intakeChooseTable: commands.intakeChooseTable,
  intakeChooseFolder: commands.intakeChooseFolder,
  intakeForget: (folderAlone) => nothing(commands.intakeForget(folderAlone)),
  intakeTable: commands.intakeTable,
  intakePreview: commands.intakePreview,
  intakeTake: commands.intakeTake,
  onIntakeProgress: (hear) => hearing(events.intakeEvent, hear),
  entryForm: commands.entryForm,
  keepEntry: (application, typed) => nothing(commands.keepEntry(application, typed)),
  enter: commands.enter,
  attach: commands.attach,
  withdraw: commands.withdraw,
  chase: commands.chase,
  duplicates: commands.duplicates,
  comparePair: commands.comparePair,
  judgePair: (one, other, verdict, keep, reason) => nothing(commands.judgePair(one, other, verdict, keep, reason)),
  exports: commands.exports,
  export: commands.export,
  exportDossiers: commands.exportDossiers,
  recordChoices: commands.recordChoices,
  keepRecords: (application, forms) => nothing(commands.keepRecords(application, forms)),
  recordCard: commands.recordCard,
  recordPreview: commands.recordPreview,
  record: commands.record,
  chooseScores: commands.chooseScores,
  scoresTable: commands.scoresTable,
  scoresReaders: commands.scoresReaders,
  previewScores: commands.previewScores,
  takeScores: commands.takeScores,
  conflicts: commands.conflicts,
  ruleConflict: (form) => nothing(commands.ruleConflict(form)),

  programme: commands.programme,
  beginProgramme: () => nothing(commands.beginProgramme()),
  beginProgrammeFrom: (toml) => nothing(commands.beginProgrammeFrom(toml)),
  openProgramme: commands.openProgramme,
  saveProgramme: commands.saveProgramme,
  draftProgramme: commands.draftProgramme,
  discardProgramme: () => nothing(commands.discardProgramme()),
  publishProgramme: commands.publishProgramme,
  closeRound: (round) => nothing(commands.closeRound(round)),

  people: commands.people,
  person: commands.person,
  invite: commands.invite,
  saveInvitation: commands.saveInvitation,
  guestTable: commands.guestTable,
  inviteGuests: commands.inviteGuests,
  withdrawInvitation: (id) => nothing(commands.withdrawInvitation(id)),
  admit: commands.admit,
  setReading: commands.setReading,
  confirmWords: (member) => nothing(commands.confirmWords(member)),
  removal: commands.removal,
  suspend: (member) => nothing(commands.suspend(member)),
  lift: (member) => nothing(commands.lift(member)),
  remove: (member) => nothing(commands.remove(member)),
  deciding: commands.deciding,
  giveRoles: commands.giveRoles,
  takeRoles: commands.takeRoles,
  setRemovalNeeds: commands.setRemovalNeeds,
  access: commands.access,
  accessOn: commands.accessOn,
  ownDevices: commands.ownDevices,
  devicePass: commands.devicePass,
  savePass: commands.savePass,
  deviceRequest: commands.deviceRequest,
  addDevice: commands.addDevice,
  removeDevice: commands.removeDevice,
  proposals: commands.proposals,
  signProposal: commands.signProposal,
  relays: commands.relays,
  relayKey: commands.relayKey,
  setRelayAddress: commands.setRelayAddress,
  addRelay: commands.addRelay,
  dropRelay: commands.dropRelay,

  search: commands.search,
};
