// Draws every shard of a phase as a cell. One pixel per cell goes into a small picture that the canvas enlarges, so a hundred
// thousand cells cost one pass over an array and one blit.
(() => {
    'use strict';
    const place = document.getElementById('shards');
    const canvas = document.getElementById('grid');
    const cell = document.getElementById('grid-cell');
    const panel = document.getElementById('attempts');
    const phaseChoice = document.getElementById('phase');
    const base = `/api/v1/jobs/${place.dataset.job}/shards`;
    const largest = 18;
    const smallest = 3;
    const maxHeight = 720;
    const least = 1000;

    let map = null;
    let states = new Uint8Array(0);
    let chosen = -1;
    let size = largest;
    let columns = 1;
    let small = null;
    let loading = false;
    let again = false;
    let drawAsked = false;

    const number = new Intl.NumberFormat('en');

    const decode = (answer) => {
        const cells = new Uint8Array(answer.total);
        let at = 0;
        for (let i = 0; i < answer.runs.length; i += 2) {
            cells.fill(answer.runs[i], at, at + answer.runs[i + 1]);
            at += answer.runs[i + 1];
        }
        return cells;
    };

    // Style sheets say colours in any notation; one pixel of a canvas says them as bytes.
    const palette = () => {
        const style = getComputedStyle(place);
        const probe = document.createElement('canvas');
        probe.width = probe.height = 1;
        const pen = probe.getContext('2d', { willReadFrequently: true });
        return map.states.map((state) => {
            pen.fillStyle = style.getPropertyValue(`--s-${state}`).trim();
            pen.fillRect(0, 0, 1, 1);
            const [r, g, b] = pen.getImageData(0, 0, 1, 1).data;
            return (255 << 24) | (b << 16) | (g << 8) | r;
        });
    };

    const layout = () => {
        const width = Math.max(60, canvas.parentElement.clientWidth - 2 * parseFloat(getComputedStyle(place).paddingLeft));
        for (size = largest; size > smallest; size--) {
            columns = Math.max(1, Math.floor(width / size));
            if (Math.ceil(states.length / columns) * size <= maxHeight / 2) {
                break;
            }
        }
        columns = Math.max(1, Math.min(Math.floor(width / size), Math.max(states.length, 1)));
        const rows = Math.max(1, Math.ceil(states.length / columns));
        const scale = devicePixelRatio || 1;
        canvas.style.width = `${columns * size}px`;
        canvas.style.height = `${rows * size}px`;
        canvas.width = Math.round(columns * size * scale);
        canvas.height = Math.round(rows * size * scale);
        return { rows, scale };
    };

    const draw = () => {
        drawAsked = false;
        if (map === null) {
            return;
        }
        performance.mark('grid-begin');
        const { rows, scale } = layout();
        const colours = palette();
        small ??= document.createElement('canvas');
        small.width = columns;
        small.height = rows;
        const brush = small.getContext('2d');
        const image = brush.createImageData(columns, rows);
        const pixels = new Uint32Array(image.data.buffer);
        for (let i = 0; i < states.length; i++) {
            pixels[i] = colours[states[i]];
        }
        brush.putImageData(image, 0, 0);

        const pen = canvas.getContext('2d');
        const step = size * scale;
        pen.imageSmoothingEnabled = false;
        pen.drawImage(small, 0, 0, columns * step, rows * step);
        const style = getComputedStyle(place);
        const gap = Math.max(1, Math.round(scale * (size >= 8 ? 2 : 1)));
        pen.fillStyle = style.getPropertyValue('--panel');
        for (let c = 1; c <= columns; c++) {
            pen.fillRect(Math.round(c * step) - gap, 0, gap, canvas.height);
        }
        for (let r = 1; r <= rows; r++) {
            pen.fillRect(0, Math.round(r * step) - gap, canvas.width, gap);
        }
        if (size >= 8) {
            marks(pen, step, gap, style);
        }
        cursor(pen, step, gap, style);
        performance.mark('grid-end');
        performance.measure('grid', 'grid-begin', 'grid-end');
        canvas.dataset.drawn = `${map.phase} ${map.total}`;
    };

    // Colour is not enough for everybody: lost shards carry a stroke.
    const marks = (pen, step, gap, style) => {
        pen.strokeStyle = style.getPropertyValue('--panel');
        pen.lineWidth = Math.max(1.5, step / 9);
        pen.beginPath();
        for (let i = 0; i < states.length; i++) {
            const state = map.states[states[i]];
            if (state !== 'failed' && state !== 'quarantined') {
                continue;
            }
            const x = (i % columns) * step + step * 0.25;
            const y = Math.floor(i / columns) * step + step * 0.25;
            const d = (step - gap) - step * 0.5;
            pen.moveTo(x, y);
            pen.lineTo(x + d, y + d);
            if (state === 'failed') {
                pen.moveTo(x + d, y);
                pen.lineTo(x, y + d);
            }
        }
        pen.stroke();
    };

    const cursor = (pen, step, gap, style) => {
        if (chosen < 0 || chosen >= states.length) {
            return;
        }
        const around = Math.max(2, gap);
        pen.strokeStyle = style.getPropertyValue('--text');
        pen.lineWidth = around;
        pen.strokeRect(
            (chosen % columns) * step - around / 2, Math.floor(chosen / columns) * step - around / 2, step - gap + around, step - gap + around);
    };

    const askDraw = () => {
        if (!drawAsked) {
            drawAsked = true;
            requestAnimationFrame(draw);
        }
    };

    const count = () => {
        const counts = new Array(map.states.length).fill(0);
        for (const state of states) {
            counts[state]++;
        }
        map.states.forEach((state, i) => {
            const label = place.querySelector(`[data-count="${state}"]`);
            if (label !== null) {
                label.textContent = number.format(counts[i]);
            }
        });
        const parts = map.states.map((state, i) => (counts[i] > 0 ? `${number.format(counts[i])} ${state}` : null)).filter((p) => p !== null);
        canvas.setAttribute('aria-label', `${number.format(map.total)} shards of phase ${map.phase}: ${parts.join(', ') || 'none yet'}`);
    };

    const load = async () => {
        if (loading) {
            again = true;
            return;
        }
        loading = true;
        try {
            do {
                again = false;
                const began = performance.now();
                const phase = phaseChoice.value || place.querySelector('[data-phase]').dataset.phase;
                const answer = await fetch(`${base}/map?phase=${encodeURIComponent(phase)}`);
                if (!answer.ok) {
                    return;
                }
                const before = map?.phase;
                map = await answer.json();
                states = decode(map);
                if (before !== undefined && before !== map.phase) {
                    forget();
                }
                count();
                if (chosen >= 0) {
                    tell();
                }
                askDraw();

                // A large job's map costs the server something: the slower its answer, the less often it is asked.
                const rest = Math.max(least, 5 * (performance.now() - began));
                await new Promise((done) => setTimeout(done, rest));
            } while (again);
        } catch {
            // The server is away; the next event loads the map again.
        } finally {
            loading = false;
        }
    };

    const tell = () => {
        cell.textContent = chosen < 0 ? '' : `Shard ${map.phase}-${chosen}: ${map.states[states[chosen]]}`;
    };

    // The next phase has other shards.
    const forget = () => {
        chosen = -1;
        panel.hidden = true;
        cell.textContent = '';
    };

    const choose = (index) => {
        if (states.length === 0) {
            return;
        }
        chosen = Math.max(0, Math.min(states.length - 1, index));
        tell();
        askDraw();
    };

    const nextLost = () => {
        for (let i = 1; i <= states.length; i++) {
            const index = (chosen + i + states.length) % states.length;
            if (['failed', 'quarantined'].includes(map.states[states[index]])) {
                choose(index);
                return;
            }
        }
        cell.textContent = 'No shard of this phase was lost.';
    };

    const line = (...texts) => {
        const row = document.createElement('tr');
        for (const text of texts) {
            const field = document.createElement('td');
            field.textContent = text;
            row.append(field);
        }
        return row;
    };

    const showAttempts = async () => {
        if (chosen < 0) {
            return;
        }
        const id = `${map.phase}-${chosen}`;
        const answer = await fetch(`${base}/${encodeURIComponent(id)}/attempts`);
        if (!answer.ok) {
            return;
        }
        const attempts = await answer.json();
        const title = document.createElement('h3');
        title.textContent = `Attempts of ${id}`;
        const table = document.createElement('table');
        const head = table.createTHead().insertRow();
        for (const name of ['Attempt', 'Worker', 'Started (UTC)', 'Outcome', 'Error']) {
            const field = document.createElement('th');
            field.scope = 'col';
            field.textContent = name;
            head.append(field);
        }
        const time = (text) => text.replace('T', ' ').slice(0, 19);
        const body = table.createTBody();
        body.append(...attempts.map((a) => line(a.attempt, a.worker, time(a.startedAt), a.outcome ?? 'running', a.error ?? '')));
        const none = document.createElement('p');
        none.textContent = 'It has not been leased yet.';
        panel.replaceChildren(title, attempts.length === 0 ? none : table);
        panel.hidden = false;
    };

    canvas.addEventListener('keydown', (event) => {
        const moves = {
            ArrowLeft: chosen - 1, ArrowRight: chosen + 1, ArrowUp: chosen - columns, ArrowDown: chosen + columns, Home: 0, End: states.length - 1,
        };
        if (event.ctrlKey || event.metaKey || event.altKey || map === null) {
            return;
        }
        if (event.key in moves) {
            choose(chosen < 0 ? 0 : moves[event.key]);
        } else if (event.key === 'n') {
            nextLost();
        } else if (event.key === 'Enter') {
            showAttempts();
        } else {
            return;
        }
        event.preventDefault();
    });

    const at = (event) => {
        const box = canvas.getBoundingClientRect();
        const column = Math.floor((event.clientX - box.left) / size);
        const index = Math.floor((event.clientY - box.top) / size) * columns + column;
        return column < columns && index >= 0 && index < states.length ? index : -1;
    };
    canvas.addEventListener('pointermove', (event) => {
        const index = map === null ? -1 : at(event);
        canvas.title = index < 0 ? '' : `${map.phase}-${index}: ${map.states[states[index]]}`;
    });
    canvas.addEventListener('click', (event) => {
        const index = map === null ? -1 : at(event);
        if (index >= 0) {
            choose(index);
            showAttempts();
        }
    });

    phaseChoice.addEventListener('change', load);
    document.addEventListener('fresh', load);
    document.addEventListener('themechange', askDraw);
    new ResizeObserver(askDraw).observe(place);
    load();
})();
