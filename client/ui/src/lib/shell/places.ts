// Every place of the shell: its component, its name, who goes there, and whether the side navigation shows it.
import type { Component } from 'svelte';
import type { Role } from '../backend/contract';
import type { Key } from '../i18n/i18n.svelte';
import type { ScreenName } from '../state/route.svelte';
import type { IconName } from '../ui/icons';
import Assignment from '../../screens/assignment/Assignment.svelte';
import Application from '../../screens/coordinator/Application.svelte';
import Board from '../../screens/coordinator/Board.svelte';
import Queue from '../../screens/coordinator/Queue.svelte';
import Consistency from '../../screens/reviewer/Consistency.svelte';
import Agreement from '../../screens/figures/Agreement.svelte';
import Access from '../../screens/people/Access.svelte';
import People from '../../screens/people/People.svelte';
import Programme from '../../screens/programme/Programme.svelte';
import Ranking from '../../screens/figures/Ranking.svelte';
import Exchange from '../../screens/exchange/Exchange.svelte';
import Home from '../../screens/reviewer/Home.svelte';
import Review from '../../screens/reviewer/Review.svelte';
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
  { screen: 'application', name: 'nav.board', icon: 'file', roles: ['coordinator'], shown: false, component: of(Application) },
  { screen: 'assignment', name: 'nav.assignment', icon: 'assign', roles: ['coordinator'], shown: true, component: of(Assignment) },
  { screen: 'queue', name: 'nav.queue', icon: 'queue', roles: ['coordinator'], shown: true, component: of(Queue) },
  { screen: 'ranking', name: 'nav.ranking', icon: 'ranking', roles: ['coordinator'], shown: true, component: of(Ranking) },
  { screen: 'agreement', name: 'nav.agreement', icon: 'chart', roles: ['coordinator'], shown: true, component: of(Agreement) },
  { screen: 'people', name: 'nav.people', icon: 'people', roles: ['coordinator', 'admin'], shown: true, component: of(People) },
  { screen: 'access', name: 'nav.access', icon: 'access', roles: ['coordinator', 'admin'], shown: true, component: of(Access) },
  { screen: 'home', name: 'nav.home', icon: 'home', roles: ['reviewer'], shown: true, component: of(Home) },
  { screen: 'review', name: 'nav.home', icon: 'file', roles: ['reviewer'], shown: false, component: of(Review) },
  { screen: 'consistency', name: 'nav.consistency', icon: 'chart', roles: ['reviewer'], shown: true, component: of(Consistency) },
  { screen: 'programme', name: 'nav.programme', icon: 'programme', roles: [], shown: true, component: of(Programme) },
  { screen: 'exchange', name: 'nav.exchange', icon: 'exchange', roles: [], shown: true, component: of(Exchange) },
  { screen: 'search', name: 'nav.search', icon: 'search', roles: [], shown: true, component: of(Search) },
  { screen: 'settings', name: 'nav.settings', icon: 'settings', roles: [], shown: true, component: of(Settings) },
];

/** The places that somebody of these roles goes to. */
export function placesFor(roles: Role[]): Place[] {
  return PLACES.filter((place) => place.roles.length === 0 || place.roles.some((role) => roles.includes(role)));
}
