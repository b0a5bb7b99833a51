import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { router } from '$lib/router.svelte';
import { session } from '$lib/session.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html lacks #app');

router.start();
void session.load();
mount(App, { target });
