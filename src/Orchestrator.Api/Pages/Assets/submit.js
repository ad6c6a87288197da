// Checks a document without leaving the page, and leads from a mistake to its place in the text. Without this script the form
// does the same by loading the page anew.
(() => {
    'use strict';
    const form = document.getElementById('submission');
    const text = document.getElementById('document');
    const outcome = document.getElementById('outcome');

    // Where the value of a JSON path such as $.stages[1].model begins. Reads the text itself: positions are lost in parsing.
    const find = (source, path) => {
        const steps = [...path.matchAll(/\.([^.[\]]+)|\[(\d+)\]/g)].map((m) => m[1] ?? Number(m[2]));
        let at = 0;
        const space = () => {
            while (at < source.length && /\s/.test(source[at])) {
                at++;
            }
        };
        const string = () => {
            const from = at++;
            while (at < source.length && source[at] !== '"') {
                at += source[at] === '\\' ? 2 : 1;
            }
            return source.slice(from, ++at);
        };
        const value = (left) => {
            space();
            const start = at;
            if (source[at] === '{' || source[at] === '[') {
                const close = source[at] === '{' ? '}' : ']';
                let index = 0;
                at++;
                for (space(); at < source.length && source[at] !== close; index++) {
                    let name = index;
                    if (close === '}') {
                        const quoted = string();
                        try {
                            name = JSON.parse(quoted);
                        } catch {
                            return null;
                        }
                        space();
                        at++;
                    }
                    const found = value(left !== null && left.length > 0 && left[0] === name ? left.slice(1) : null);
                    if (found !== null) {
                        return found;
                    }
                    space();
                    if (source[at] === ',') {
                        at++;
                        space();
                    } else if (source[at] !== close) {
                        return null;
                    }
                }
                at++;
            } else if (source[at] === '"') {
                string();
            } else {
                while (at < source.length && !/[\s,\]}]/.test(source[at])) {
                    at++;
                }
            }
            // The wanted value, or the one around a field that is missing.
            return left === null ? null : { start, end: left.length === 0 ? at : start + 1 };
        };
        return value(steps);
    };

    outcome.addEventListener('click', (event) => {
        const link = event.target.closest('[data-path]');
        if (link === null) {
            return;
        }
        event.preventDefault();
        const place = find(text.value, link.dataset.path);
        text.focus();
        if (place !== null) {
            text.setSelectionRange(place.start, place.end);
            const line = text.value.slice(0, place.start).split('\n').length - 1;
            text.scrollTop = (line - 3) * parseFloat(getComputedStyle(text).lineHeight);
        }
    });

    form.addEventListener('submit', async (event) => {
        if (event.submitter?.value !== 'plan') {
            return;
        }
        event.preventDefault();
        const body = new URLSearchParams(new FormData(form, event.submitter));
        event.submitter.disabled = true;
        try {
            const answer = await fetch(form.getAttribute('action'), { method: 'POST', body });
            const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('outcome');
            if (answer.redirected || fresh === null) {
                outcome.textContent = 'The form is out of date or the sign-in has ended. Copy the document, load the page again, and repeat.';
                return;
            }
            outcome.replaceChildren(...document.importNode(fresh, true).childNodes);
            text.setAttribute('aria-invalid', String(outcome.querySelector('[data-outcome="refused"]') !== null));
            outcome.scrollIntoView({ block: 'nearest' });
        } catch {
            outcome.textContent = 'The server cannot be reached; nothing was checked. Try again.';
        } finally {
            event.submitter.disabled = false;
        }
    });
})();
