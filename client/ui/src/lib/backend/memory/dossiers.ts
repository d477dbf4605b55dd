// Invented dossiers: what an applicant of the seminar would write, the files that come with it, and the rubric. Not who they are.
import type { CriterionView, DossierView, FileView } from '../contract';
import { COUNTRIES, ORGANISATIONS } from './names';

const QUALITIES = [
  'A legal expert on child protection needs patience before eloquence. In our clinic the first interview with a child is never held at a desk: we walk, we draw, and only then do we ask. The law we apply is the same that others apply; what differs is how long we are ready to wait for an answer.\n\nI have represented 143 children since 2014, most of them in guardianship and in cases of violence at home. Two of these cases changed how the district court hears children: since 2021 a child under twelve is heard in a separate room, once, by a person trained for it.',
  '我认为，一名儿童保护法律专家首先要能够倾听。我们的援助站每年接待四百多名未成年人及其监护人，其中三分之一来自流动家庭。许多孩子第一次来时并不说话；我们学会了等待，也学会了用画图、游戏和陪伴去了解事实。\n\n在专业方面，除了民法和刑法，还应当熟悉社会工作、心理学和公共行政。一个案件能否真正解决，往往取决于学校、民政部门和法院之间能否协同。',
  'يحتاج الخبير القانوني في حماية الطفل إلى صبر طويل وإلى معرفة دقيقة بالإجراءات. في مركزنا نستمع إلى الطفل قبل أن نفتح الملف، ونكتب ما قاله بكلماته هو. منذ عام ٢٠١٦ رافقنا أكثر من مئتي أسرة أمام محاكم الأسرة، ونشرنا دليلاً عملياً للقضاة والمحامين.\n\nأهم مهارة في رأيي هي القدرة على العمل مع المدرسة والطبيب والأخصائي الاجتماعي في وقت واحد.',
  'What matters most is that the lawyer is still there after the judgment. Enforcement of maintenance orders fails in six out of ten cases in our province; we follow each order for two years, by telephone and, where there is no signal, on foot.\n\nProfessional skills can be taught. Reliability is chosen again every week.',
];

const TRAINING =
  'Selection should begin where the cases are. In my country a lawyer becomes a child law specialist by taking a two-week course in the capital; nobody asks whether he or she has ever spoken with a child. We proposed to the bar association a different path: twelve supervised cases, a placement of three months in a shelter or school, and an oral examination in which a social worker sits on the panel.\n\nThe pilot of 2022 trained 31 lawyers from nine districts. Twenty-six of them still take cases.';
const NETWORK =
  'An association helps when it shares work and not only opinions. Our online platform has 214 members in eleven districts; each week one member publishes a difficult case without names and the others answer within two days. Participants should include judges, police officers, teachers and young people who have been through the procedure themselves.\n\nMembers stay because the network answers: 92 % of questions get at least one reply, and the archive is now the most used source of practice notes in our region.';
const EXCHANGE =
  'Each country keeps its own statutes, forms and judgments, usually in one language and in no common form. I propose a small common record: the question, the rule, the outcome, and the person to ask. Twelve fields are enough. It should work on paper, by e-mail and offline, because the colleagues who would profit most have the least connection.';

/** The answers of one application; every fourth writes Chinese, Arabic or English. */
export function sections(n: number): DossierView['sections'] {
  const quality = QUALITIES[n % QUALITIES.length] ?? '';
  return [
    ['qualities', 'Qualities and skills', 'In your opinion, what personal qualities and professional skills should a legal expert on child protection have? Why?', quality],
    ['training', 'Selection and training', 'In the context of your own country, how can a legal expert on child protection be selected and trained?', TRAINING],
    ['network', 'Networks', 'How can a network of legal professionals assist with child protection in a country? Do you have first-hand experience?', NETWORK],
    ['information', 'International exchange', 'How can information on child protection be integrated to better facilitate international exchange?', EXCHANGE],
  ].map(([field = '', label = '', help = '', text = '']) => ({ field, label, help, text, words: words(text) }));
}

function words(text: string): number {
  return [...new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text)].filter((part) => part.isWordLike).length;
}

/** The card of an application: all that is shown before the conflict question is answered. */
export function card(n: number): DossierView['card'] {
  return [
    { field: 'organisation', label: 'Organisation', value: ORGANISATIONS[n % 20] ?? '' },
    { field: 'country', label: 'Country', value: COUNTRIES[n % 20] ?? '' },
  ];
}

export function files(n: number): FileView[] {
  const all = n % 3 === 0;
  return [
    file(`f-${n}-letter1`, 'letters', 'Recommendation letters', 'letter-1.pdf', 'application/pdf', 412_000, true, 'pages'),
    file(`f-${n}-letter2`, 'letters', 'Recommendation letters', 'letter-2-scan.jpg', 'image/jpeg', 2_300_000, all, 'image'),
    file(`f-${n}-cv`, 'cv', 'Curriculum vitae', 'curriculum-vitae.txt', 'text/plain', 14_200, true, 'text'),
    file(`f-${n}-media`, 'media', 'Media coverage', 'interview-radio.mp3', 'audio/mpeg', 3_800_000, all, 'described'),
  ];
}

function file(handle: string, slot: string, slotLabel: string, name: string, mediaType: string, sizeBytes: number, here: boolean, shown: FileView['shown']): FileView {
  const lightCopy = shown === 'image' ? { handle: `${handle}-light`, sizeBytes: 54_000, here: true } : null;
  return { handle, contents: handle, slot, slotLabel, name, mediaType, sizeBytes, here, light: false, shown, lightCopy, typed: false };
}

export const CV_TEXT = `CURRICULUM VITAE

2019 – today   Head of the children's law clinic
               Supervision of eight lawyers, 400 cases a year
2014 – 2019    Lawyer, legal aid centre
2012 – 2014    Assistant, faculty of law

Languages      English (C1), two national languages
Publications   "Hearing a child once", practice notes, 2021
               "Maintenance orders that are paid", 2023
`;

export const PAGE_TEXT = [
  'To the selection committee. I have known the applicant for nine years, first as a student in our clinic and later as a colleague before the family court. No lawyer in our district prepares a hearing with a child more carefully.',
  'In 2021 the applicant brought together the police, two schools and the district hospital to agree on one protocol for first interviews. It is still in use. I recommend the applicant without reservation.',
];

const LEVELS = ['None', 'Little', 'Some', 'Sound', 'Strong', 'Outstanding'];

/** The rubric of the programme. */
export const CRITERIA: CriterionView[] = [
  score('practice', 'Practice in child protection law', 'Cases, clients and courts; depth before length.', '3', true, [
    'No practice is shown.', 'Practice in other fields only.', 'Some cases of children, as an assistant.',
    'Own cases over at least two years.', 'Leads such work; others learn from it.', 'Changed how cases are handled beyond the own office.',
  ]),
  score('insight', 'Insight in the four answers', 'Reasons, not opinions; experience of the own country.', '2', true, [
    'The questions are not answered.', 'General words only.', 'One answer has a reason.', 'Reasons in most answers.',
    'Reasons and own experience throughout.', 'We would like others to read these answers.',
  ]),
  score('contribution', 'What the seminar gains', 'What will the other nineteen learn?', '2', true, [
    'Nothing is said.', 'A wish to learn only.', 'One topic to share.', 'Shares methods that others can use.',
    'Brings partners and a plan.', 'Work that will go on after the seminar.',
  ]),
  score('english', 'Written English', 'Judge the writing, not the accent of it.', '1', true, [
    'Cannot be followed.', 'Followed with effort.', 'Simple and clear.', 'Good.', 'Very good.', 'A pleasure to read.',
  ]),
  { ...score('network', 'Experience in building networks', 'An advantage: it adds, and never takes away.', '1', false, []), kind: 'advantage', max: '2', scores: ['0', '1', '2'], levels: [
    { value: '0', label: 'None', text: 'No experience is shown.' },
    { value: '1', label: 'Member', text: 'Takes part in a network.' },
    { value: '2', label: 'Builder', text: 'Founded or leads one.' },
  ] },
  { key: 'evidence', label: 'Do the papers bear out what is claimed?', help: 'Letters and media coverage beside the answers.', weight: '0', required: false, kind: 'flag', min: '0', max: '1', step: '1', scores: ['0', '1'], levels: [
    { value: '0', label: 'No', text: 'Something does not fit; say what in the comment.' },
    { value: '1', label: 'Yes', text: 'The papers bear it out.' },
  ] },
];

function score(key: string, label: string, help: string, weight: string, required: boolean, texts: string[]): CriterionView {
  const levels = texts.map((text, at) => ({ value: String(at), label: LEVELS[at] ?? null, text }));
  return { key, label, help, weight, required, kind: 'score', min: '0', max: '5', step: '1', scores: ['0', '1', '2', '3', '4', '5'], levels };
}
