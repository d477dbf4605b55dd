// What every component test starts from: English, and no work left over from another test.
import { beforeEach } from 'vitest';
import { setLanguage } from './lib/i18n/i18n.svelte';

beforeEach(() => setLanguage('en'));
