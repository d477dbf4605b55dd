// What a coordinator writes to readers, as text: a reminder, and a question from the merge desk, in the language of the programme.
// Not whom it goes to and what is left: Rust says so.
import type { Asked, QueueItem, Reminded } from '../../lib/backend/contract';
import type { Speaker } from '../../lib/i18n/i18n.svelte';

/** When a round closes, by the programme's own clock. */
function when(speaker: Speaker, ms: number, timeZone: string): string {
  return new Intl.DateTimeFormat(speaker.locale, { dateStyle: 'long', timeStyle: 'short', hourCycle: 'h23', timeZone }).format(ms);
}

/** A reminder to a reader who is behind. */
export function reminder(reader: Reminded, programme: string, sender: string, speaker: Speaker): string {
  const { t } = speaker;
  const rounds = reader.rounds.map(({ round, left, deadline }) =>
    deadline === null
      ? t('remind.letter.round-open', { left, round })
      : t('remind.letter.round', { left, round, when: when(speaker, deadline.ms, deadline.programmeZone), zone: deadline.programmeZone }),
  );
  const begins = reader.submitted === 0 ? t('remind.letter.silent', { programme }) : t('remind.letter.behind', { programme });
  const lines = rounds.map((round) => `– ${round}`);
  return [t('remind.letter.dear', { name: reader.name }), '', begins, ...lines, '', t('remind.letter.how'), '', sender].join('\n');
}

/** How many applications a question names; of more it is asked without names. */
const NAMED = 12;

/** A question to the author of what waits, about items of one cause. */
export function question(items: QueueItem[], author: Asked, programme: string, sender: string, speaker: Speaker): string {
  const { t, say } = speaker;
  const [item] = items;
  if (item === undefined) return '';
  const names = new Intl.ListFormat(speaker.locale, { type: 'conjunction' }).format(author.applications);
  const few = author.applications.length > 0 && author.applications.length <= NAMED;
  const about = few ? t('ask.letter.about', { programme, applications: names }) : t('ask.letter.all', { programme });
  const says = [...new Set(items.flatMap((each) => each.says.slice(0, 1)))].filter((text) => text !== '');
  const sentence = say(`queue.code.${item.code}`) ?? item.sentence;
  const asked = say(`ask.letter.${item.code}`) ?? t('ask.letter.other');
  const quoted = says.map((text) => t('ask.letter.says', { says: text }));
  return [t('remind.letter.dear', { name: author.name }), '', about, '', sentence, ...quoted, '', asked, '', sender].join('\n');
}
