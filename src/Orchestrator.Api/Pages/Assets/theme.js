// Colours: as the system, light or dark. In the head and not deferred, so that no page is first painted in the other ones.
(() => {
    'use strict';
    const choices = ['auto', 'light', 'dark'];
    const names = { auto: 'Auto', light: 'Light', dark: 'Dark' };
    const stored = () => {
        try {
            return localStorage.getItem('theme');
        } catch {
            return null;
        }
    };
    let theme = choices.includes(stored()) ? stored() : 'auto';
    const apply = () => {
        if (theme === 'auto') {
            delete document.documentElement.dataset.theme;
        } else {
            document.documentElement.dataset.theme = theme;
        }
        document.dispatchEvent(new Event('themechange'));
    };
    apply();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => document.dispatchEvent(new Event('themechange')));
    document.addEventListener('DOMContentLoaded', () => {
        const button = document.getElementById('theme');
        const label = () => {
            button.textContent = names[theme];
            button.setAttribute('aria-label', `Colours: ${names[theme]}`);
        };
        label();
        button.addEventListener('click', () => {
            theme = choices[(choices.indexOf(theme) + 1) % choices.length];
            try {
                localStorage.setItem('theme', theme);
            } catch {
                // A browser that keeps nothing still changes colours until the next page.
            }
            apply();
            label();
        });
    });
})();
