// The entry: styles, fonts of all scripts, and the application in its element.
import '@fontsource-variable/noto-sans/index.css';
import '@fontsource-variable/noto-sans-arabic/index.css';
import '@fontsource-variable/noto-sans-sc/index.css';
import './styles/tokens.css';
import './styles/base.css';
import { mount } from 'svelte';
import { app } from './lib/state/app.svelte';
import App from './App.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no element #app');

// The checks in a browser change language and theme of a page that stands; the shipped build has nothing of this.
if (__BACKEND__ === 'memory') Object.assign(window, { app });

export default mount(App, { target });
