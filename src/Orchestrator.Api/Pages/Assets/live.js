// Keeps a page fresh. The server says by an event that something has changed; the page is then fetched again and its parts
// marked data-live take the new content. All text is encoded by the server; nothing here builds markup.
(() => {
    'use strict';
    // The types of a job's events and of the lists' own.
    const types = ['job.state', 'phase.started', 'phase.finished', 'progress', 'shard.failed', 'shard.quarantined', 'shard.requeued',
        'shard.omitted', 'changed'];
    let source = null;
    let busy = false;
    let again = false;

    const address = (from) => from.querySelector('[data-events]')?.dataset.events ?? from.querySelector('[data-source]')?.dataset.source;

    const key = (element) => `${element.getAttribute('formaction') ?? element.getAttribute('href')} ${element.getAttribute('value')}`;

    const take = (fresh) => {
        for (const part of document.querySelectorAll('[data-live]')) {
            const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
            if (next === null || next.innerHTML === part.innerHTML) {
                continue;
            }
            // A button that had the focus keeps it if it is still there.
            const focused = part.contains(document.activeElement) ? document.activeElement : null;
            const same = focused && key(focused);
            part.replaceChildren(...document.importNode(next, true).childNodes);
            if (same) {
                [...part.querySelectorAll('[formaction], [href]')].find((e) => key(e) === same)?.focus({ preventScroll: true });
            }
        }
    };

    const refresh = async () => {
        if (busy) {
            again = true;
            return;
        }
        busy = true;
        try {
            do {
                again = false;
                const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
                if (answer.redirected || !answer.ok) {
                    location.reload();
                    return;
                }
                const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
                take(fresh);
                document.dispatchEvent(new Event('fresh'));
                if (!address(fresh)) {
                    source?.close();
                    source = null;
                    document.querySelector('[data-events]')?.removeAttribute('data-events');
                }
            } while (again);
        } catch {
            // The server is away; the stream, which is tried again by the browser, brings the next event.
        } finally {
            busy = false;
        }
    };

    const open = () => {
        const url = address(document);
        if (!url || source !== null) {
            return;
        }
        source = new EventSource(url);
        for (const type of types) {
            source.addEventListener(type, refresh);
        }
    };

    // A browser has few connections for one server; a page that nobody sees gives its own back.
    const follow = () => {
        if (document.hidden) {
            source?.close();
            source = null;
        } else if (source === null && address(document)) {
            open();
            refresh();
        }
    };

    document.addEventListener('submit', (event) => {
        const question = event.submitter?.dataset.confirm;
        if (question && !confirm(question)) {
            event.preventDefault();
        }
    });
    document.addEventListener('visibilitychange', follow);
    addEventListener('pagehide', () => source?.close());
    if (!document.hidden) {
        open();
    }
})();
