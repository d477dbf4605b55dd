// Every place of the shell: its component, its name, who goes there, and whether the side navigation shows it.
import type { Component } from 'svelte';
import type { Role } from '../backend/contract';
import type { Key } from '../i18n/i18n.svelte';
import type { ScreenName } from '../state/route.svelte';
import type { IconName } from '../ui/icons';
import Assignment from '../../screens/assignment/Assignment.svelte';
import Exports from '../../screens/exports/Exports.svelte';
import TakeDown from '../../screens/record/TakeDown.svelte';
import Duplicates from '../../screens/intake/Duplicates.svelte';
import Entry from '../../screens/intake/Entry.svelte';
import Intake from '../../screens/intake/Intake.svelte';
import Missing from '../../screens/intake/Missing.svelte';
import Pair from '../../screens/intake/Pair.svelte';
import Application from '../../screens/coordinator/Application.svelte';
import Board from '../../screens/coordinator/Board.svelte';
import Queue from '../../screens/coordinator/Queue.svelte';
import TypeText from '../../screens/coordinator/TypeText.svelte';
import Eligibility from '../../screens/eligibility/Eligibility.svelte';
import VerdictTable from '../../screens/eligibility/VerdictTable.svelte';
import Moderation from '../../screens/moderation/Moderation.svelte';
import Compare from '../../screens/reviewer/Compare.svelte';
import Consistency from '../../screens/reviewer/Consistency.svelte';
import Agreement from '../../screens/figures/Agreement.svelte';
import Conflicts from '../../screens/conflicts/Conflicts.svelte';
import Access from '../../screens/people/Access.svelte';
import People from '../../screens/people/People.svelte';
import Programme from '../../screens/programme/Programme.svelte';
import Ranking from '../../screens/figures/Ranking.svelte';
import Shares from '../../screens/figures/Shares.svelte';
import Exchange from '../../screens/exchange/Exchange.svelte';
import Home from '../../screens/reviewer/Home.svelte';
import Review from '../../screens/reviewer/Review.svelte';
import OwnScores from '../../screens/scores/OwnScores.svelte';
import TheirScores from '../../screens/scores/TheirScores.svelte';
import Search from '../../screens/search/Search.svelte';
import Settings from '../../screens/settings/Settings.svelte';

export interface Place {
  screen: ScreenName;
  name: Key;
  icon: IconName;
  /** Who goes there; empty: everybody. */
  roles: Role[];
  /** Whether the navigation shows it: only places without parameters. */
  shown: boolean;
  /** The place of the navigation to which one that is not shown belongs. */
  under?: ScreenName;
  /** Takes the route's parameters as its properties. */
  component: Component<Record<string, string>>;
}

/** A component whose properties are the parameters of its route. */
function of<P extends Record<string, string>>(component: Component<P>): Place['component'] {
  return component as unknown as Place['component'];
}

/** In the order of the navigation; the first that is for somebody's first role is where that person begins. */
export const PLACES: Place[] = [
  { screen: 'board', name: 'nav.board', icon: 'board', roles: ['coordinator'], shown: true, component: of(Board) },
  { screen: 'application', name: 'nav.board', icon: 'file', roles: ['coordinator'], shown: false, under: 'board', component: of(Application) },
  { screen: 'applicationPage', name: 'nav.board', icon: 'file', roles: ['coordinator'], shown: false, under: 'board', component: of(Application) },
  { screen: 'typing', name: 'nav.board', icon: 'file', roles: ['coordinator'], shown: false, under: 'board', component: of(TypeText) },
  { screen: 'intake', name: 'nav.intake', icon: 'intake', roles: ['coordinator'], shown: true, component: of(Intake) },
  { screen: 'entry', name: 'nav.intake', icon: 'intake', roles: ['coordinator'], shown: false, under: 'intake', component: of(Entry) },
  { screen: 'missing', name: 'nav.intake', icon: 'intake', roles: ['coordinator'], shown: false, under: 'intake', component: of(Missing) },
  { screen: 'duplicates', name: 'nav.intake', icon: 'intake', roles: ['coordinator'], shown: false, under: 'intake', component: of(Duplicates) },
  { screen: 'pair', name: 'nav.intake', icon: 'intake', roles: ['coordinator'], shown: false, under: 'intake', component: of(Pair) },
  { screen: 'eligibility', name: 'nav.eligibility', icon: 'check', roles: ['coordinator'], shown: true, component: of(Eligibility) },
  { screen: 'verdicts', name: 'nav.eligibility', icon: 'check', roles: ['coordinator'], shown: false, under: 'eligibility', component: of(VerdictTable) },
  { screen: 'record', name: 'nav.board', icon: 'file', roles: ['coordinator'], shown: false, under: 'board', component: of(TakeDown) },
  { screen: 'theirScores', name: 'nav.board', icon: 'file', roles: ['coordinator'], shown: false, under: 'board', component: of(TheirScores) },
  { screen: 'assignment', name: 'nav.assignment', icon: 'assign', roles: ['coordinator'], shown: true, component: of(Assignment) },
  { screen: 'queue', name: 'nav.queue', icon: 'queue', roles: ['coordinator'], shown: true, component: of(Queue) },
  { screen: 'moderation', name: 'nav.moderation', icon: 'scale', roles: ['coordinator'], shown: true, component: of(Moderation) },
  { screen: 'ranking', name: 'nav.ranking', icon: 'ranking', roles: ['coordinator'], shown: true, component: of(Ranking) },
  { screen: 'agreement', name: 'nav.agreement', icon: 'chart', roles: ['coordinator'], shown: true, component: of(Agreement) },
  { screen: 'shares', name: 'nav.shares', icon: 'share', roles: ['coordinator'], shown: true, component: of(Shares) },
  { screen: 'exports', name: 'nav.exports', icon: 'export', roles: ['coordinator'], shown: true, component: of(Exports) },
  { screen: 'people', name: 'nav.people', icon: 'people', roles: ['coordinator', 'admin'], shown: true, component: of(People) },
  { screen: 'conflicts', name: 'nav.people', icon: 'people', roles: ['coordinator'], shown: false, under: 'people', component: of(Conflicts) },
  { screen: 'access', name: 'nav.access', icon: 'access', roles: ['coordinator', 'admin'], shown: true, component: of(Access) },
  { screen: 'home', name: 'nav.home', icon: 'home', roles: ['reviewer'], shown: true, component: of(Home) },
  { screen: 'review', name: 'nav.home', icon: 'file', roles: ['reviewer'], shown: false, under: 'home', component: of(Review) },
  { screen: 'reviewPage', name: 'nav.home', icon: 'file', roles: ['reviewer'], shown: false, under: 'home', component: of(Review) },
  { screen: 'ownScores', name: 'nav.home', icon: 'file', roles: ['reviewer'], shown: false, under: 'home', component: of(OwnScores) },
  { screen: 'consistency', name: 'nav.consistency', icon: 'chart', roles: ['reviewer'], shown: true, component: of(Consistency) },
  { screen: 'compare', name: 'nav.consistency', icon: 'chart', roles: ['reviewer'], shown: false, under: 'consistency', component: of(Compare) },
  { screen: 'programme', name: 'nav.programme', icon: 'programme', roles: [], shown: true, component: of(Programme) },
  { screen: 'exchange', name: 'nav.exchange', icon: 'exchange', roles: [], shown: true, component: of(Exchange) },
  { screen: 'search', name: 'nav.search', icon: 'search', roles: [], shown: true, component: of(Search) },
  { screen: 'settings', name: 'nav.settings', icon: 'settings', roles: [], shown: true, component: of(Settings) },
];

/** The places that somebody of these roles goes to. */
export function placesFor(roles: Role[]): Place[] {
  return PLACES.filter((place) => place.roles.length === 0 || place.roles.some((role) => roles.includes(role)));
}
