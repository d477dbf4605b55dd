// English, the language from which the others are made: one file of words for each area of the interface.
import assignment from './assignment.json';
import care from './care.json';
import common from './common.json';
import conflicts from './conflicts.json';
import coordinator from './coordinator.json';
import eligibility from './eligibility.json';
import engine from './engine.json';
import errors from './errors.json';
import exchange from './exchange.json';
import figures from './figures.json';
import exports_ from './exports.json';
import intake from './intake.json';
import moderation from './moderation.json';
import people from './people.json';
import placing from './placing.json';
import programme from './programme.json';
import reviewer from './reviewer.json';
import search from './search.json';
import settings from './settings.json';
import shell from './shell.json';
import start from './start.json';
import tables from './tables.json';

export const areas = {
  ...assignment,
  ...care,
  ...common,
  ...conflicts,
  ...coordinator,
  ...eligibility,
  ...engine,
  ...errors,
  ...exchange,
  ...figures,
  ...exports_,
  ...intake,
  ...moderation,
  ...people,
  ...placing,
  ...programme,
  ...reviewer,
  ...search,
  ...settings,
  ...shell,
  ...start,
  ...tables,
};
