// One's own reviews beside one another over the invented world: how the scales were used, what is to be read again, two scorecards.
import type { Backend, OwnCard, OwnReview, TaskRow } from '../contract';
import { CRITERIA, card } from './dossiers';
import { draftOf, total } from './reviewer';
import type { World } from './world';

type Part = Pick<Backend, 'consistency' | 'beside'>;

export function own(world: World): Part {
  const written = () => world.tasks.filter((task) => task.answered > 0 && !['conflict', 'unsure', 'handed-back'].includes(task.state));
  const of = ({ application, label, round, again }: TaskRow): OwnReview => ({ application, label, round, again });
  const side = (task: TaskRow): OwnCard => {
    const draft = draftOf(world, task);
    return { review: of(task), card: card(task.place - 1), state: task.state, draft, total: total(draft) };
  };
  return {
    consistency: (again) => {
      const tasks = written().filter((task) => !again || task.again);
      const criteria = CRITERIA.map((criterion) => {
        const given = tasks.map((task) => draftOf(world, task).answers[criterion.key]?.score ?? null).filter((score) => score !== null);
        const counts = criterion.scores.map((score) => ({ score, count: given.filter((each) => each === score).length }));
        const sum = given.reduce((all, score) => all + Number(score), 0);
        return { criterion: criterion.key, label: criterion.label, counts, mean: given.length === 0 ? null : (sum / given.length).toFixed(2) };
      });
      return Promise.resolve({ criteria, marked: world.tasks.filter((task) => task.again).map(of), scored: written().length });
    },
    beside: (round, one, other) => {
      const rounds = [...new Map(written().map((task) => [task.round, { key: task.round, label: task.roundLabel }])).values()];
      const many = rounds.find(({ key }) => written().filter((task) => task.round === key).length > 1) ?? rounds[0];
      const key = (rounds.find((each) => each.key === round) ?? many)?.key ?? '';
      const here = written().filter((task) => task.round === key);
      const at = (application: string | null) => here.find((task) => task.application === application);
      const next = (taken: TaskRow | undefined) => here.find((task) => task !== taken && task.again) ?? here.find((task) => task !== taken);
      const first = at(one) ?? next(at(other));
      const second = at(other) === first ? next(first) : (at(other) ?? next(first));
      return Promise.resolve({
        round: key, rounds, choices: here.map(of), criteria: CRITERIA.map(({ key, label }) => ({ key, label })),
        sides: [first, second].filter((task) => task !== undefined).map(side),
      });
    },
  };
}
