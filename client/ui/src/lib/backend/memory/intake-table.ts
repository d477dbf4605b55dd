// An invented table that came late, and the invented programme's form. Not what is done with them.
import type { EntryAttachment, EntryField, IntakeColumn, SeenBy } from '../contract';
import { OPEN_ROUNDS } from './applications';
import { GROUPS } from './desk';
import { sections } from './dossiers';

/** A row of the table as somebody made it. */
export interface Late {
  key: string;
  name: string;
  email: string;
  born: string;
  organisation: string;
  country: string;
  group: string;
  files: string[];
  /** Files in its folder whose names say nothing that is asked for. */
  odd: string[];
  bad: { name: string; code: string }[];
  changes: { field: string; label: string; after: string }[];
}

/** Cells that are answers as they stand. */
export const MEANT: Record<string, string> = Object.fromEntries(GROUPS.flatMap(({ key, label }) => [[key, key], [label, key]]));

const LAWYER = 'Child protection lawyer';
const MANAGER = 'Senior management of an organisation';

function late(key: string, name: string, born: string, organisation: string, country: string, group: string, more: Partial<Late> = {}): Late {
  const email = `${key.toLowerCase().replace('-', '')}@example.org`;
  return { key, name, email, born, organisation, country, group, files: ['letters-1.pdf', 'letters-2.pdf', 'cv.pdf'], odd: [], bad: [], changes: [], ...more };
}

export const LATE: Late[] = [
  late('GLS-0003', 'يوسف المنصوري', '1978-05-03', 'مركز حقوق الطفل – تونس', 'Tunisia', LAWYER, { changes: [{ field: 'organisation', label: 'Organisation', after: 'محكمة الأسرة – تونس' }, { field: 'years', label: 'Years of work in child protection', after: '9' }] }),
  late('GLS-0008', 'Esi Boateng', '1983-05-08', 'Accra Juvenile Justice Project', 'Ghana', MANAGER),
  late('GLS-0014', 'Tendai Ncube', '1989-05-14', 'Matabeleland Advice Centre', 'Zimbabwe', LAWYER, { changes: [{ field: 'email', label: 'E-mail address', after: 't.ncube@example.org' }] }),
  late('GLS-0027', 'سارة الخطيب', '1977-05-27', 'جمعية العدالة للأطفال', 'Jordan', LAWYER),
  late('GLS-0061', 'Mirela Dragan', '1986-11-02', 'Casa Copiilor', 'Romania', 'Advocate', { odd: ['Dragan_diploma.pdf'] }),
  late('GLS-0062', '周雨桐', '1991-03-19', '成都少年法律服务中心', 'China', LAWYER, { files: ['letters-1.pdf', 'cv.pdf'], odd: ['scan0001.jpg'] }),
  late('GLS-0063', 'Abdoulaye Sow', '14/05/1988', 'Maison du Droit', 'Senegal', MANAGER),
  late('GLS-0064', 'Ximena Rojas', '1984-07-30', 'Fundación Niñez y Ley', 'Chile', 'Head of a university’s legal clinic', { email: '' }),
  late('GLS-0065', 'Rania Haddad', '1990-01-12', 'مركز بيروت لحقوق الطفل', 'Lebanon', 'Advocate', { bad: [{ name: 'cv.pdf', code: 'attachment-not-what-it-says' }] }),
  late('GLS-0066', 'Josef Novák', '1979-09-09', 'Dětské právo', 'Czechia', LAWYER, { odd: ['Novák_diploma.pdf'] }),
  late('GLS-0067', 'Nomsa Dlamini', '1993-04-21', 'Durban Child Law Unit', 'South Africa', 'Jurist'),
  late('GLS-0068', 'Arjun Thapa', '1987-12-05', 'Pokhara Legal Aid', 'Nepal', LAWYER, { bad: [{ name: 'letters-2.docm', code: 'attachment-format' }], files: ['letters-1.pdf', 'cv.pdf'] }),
  late('GLS-0069', 'Claire Fontaine', '1982-02-17', 'Défense des Mineurs', 'France', LAWYER, { odd: ['Fontaine_diploma.pdf'] }),
  late('GLS-0070', 'Yaw Mensah', '1995-06-25', 'Kumasi Family Court Users', 'Ghana', MANAGER),
];

/** Files of the folder that lie in no application's own: where, and whose their name says they are. */
export const LOOSE: { at: string; of: string | null }[] = [
  { at: 'GLS-0070_passport.pdf', of: 'GLS-0070' },
  { at: 'IMG_2214.jpg', of: null },
  { at: 'Recommendation Boateng.pdf', of: null },
  { at: 'Ximena R/letter of the dean.pdf', of: null },
  { at: 'Ximena R/letter of the bar.pdf', of: null },
  { at: '.DS_Store', of: null },
];

const samples = (of: (late: Late) => string) => [...new Set(LATE.map(of))].filter(Boolean).slice(0, 3);

export const COLUMNS: IntakeColumn[] = [
  { name: 'Timestamp', to: '', how: null, samples: ['2027-02-01 09:14', '2027-02-01 11:52', '2027-02-02 07:40'], filled: LATE.length, unique: true },
  { name: 'Application no.', to: '', how: null, samples: samples((each) => each.key), filled: LATE.length, unique: true },
  { name: 'Your full name', to: 'name', how: 'alike', samples: samples((each) => each.name), filled: LATE.length, unique: true },
  { name: 'E-mail', to: 'email', how: 'alike', samples: samples((each) => each.email), filled: LATE.length - 1, unique: false },
  { name: 'Date of birth', to: 'born', how: 'name', samples: samples((each) => each.born), filled: LATE.length, unique: true },
  { name: 'Organisation', to: 'organisation', how: 'name', samples: samples((each) => each.organisation), filled: LATE.length, unique: true },
  { name: 'Country', to: 'country', how: 'name', samples: samples((each) => each.country), filled: LATE.length, unique: false },
  { name: 'Which of these are you?', to: 'group', how: 'name', samples: samples((each) => each.group), filled: LATE.length, unique: false },
  { name: 'How did you hear of us?', to: '', how: null, samples: ['a colleague', 'a colleague'], filled: 9, unique: false },
];

function question(key: string, label: string, kind: string, required: boolean, seen: SeenBy['kind'], more: Partial<EntryField> = {}): EntryField {
  const by: SeenBy = seen === 'rounds' || seen === 'card' ? { kind: seen, rounds: OPEN_ROUNDS.map(({ label }) => label) } : { kind: seen };
  return { key, label, help: null, kind, required, words: null, options: [], many: false, seen: by, value: '', ...more };
}

export const FORM: EntryField[] = [
  question('name', 'Full name, as in your passport', 'text', true, 'nobody'),
  question('email', 'E-mail address', 'text', true, 'nobody'),
  question('born', 'Date of birth', 'date', true, 'nobody'),
  question('organisation', 'Organisation', 'text', true, 'rounds'),
  question('country', 'Country in which you work', 'text', true, 'everybody'),
  question('group', 'Which of these are you?', 'choice', true, 'everybody', { options: GROUPS }),
  question('areas', 'Fields of your work', 'choice', false, 'everybody', {
    many: true, options: [{ key: 'courts', label: 'Children in court' }, { key: 'care', label: 'Care and guardianship' }, { key: 'migration', label: 'Migration' }, { key: 'work', label: 'Child labour' }],
  }),
  question('years', 'Years of work in child protection', 'number', false, 'everybody'),
  question('exception', 'If you do not meet a condition: which, and why should the jury read your application all the same?', 'text', false, 'everybody'),
  ...sections(0).map((section) => question(section.field, section.label, 'essay', false, 'everybody', { help: section.help, words: 500 })),
];

export const ATTACHMENTS: EntryAttachment[] = [
  { key: 'letters', label: 'Recommendation letters', min: 2, max: 2, formats: ['pdf', 'jpg', 'png'], here: 0 },
  { key: 'cv', label: 'Curriculum vitae', min: 1, max: 1, formats: ['pdf', 'docx', 'odt'], here: 0 },
  { key: 'media', label: 'Media coverage', min: 1, max: null, formats: [], here: 0 },
];
