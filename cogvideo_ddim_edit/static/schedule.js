// Steps (columns) and blocks (rows) in which an injection acts, painted by hand.
// Click or drag over numbers: these steps or blocks. Drag over the field: a rectangle. Arrows and Space do the same.

const TITLES = {step: 'Step', layer: 'Block'};
const TRAITS = {step: 'chosen_steps', layer: 'chosen_layers'};

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export default {
  render({model, el}) {
    const root = element('div', {className: 'sc'});
    const buttons = {step: [], layer: []};
    const field = element('canvas', {className: 'sc-field'});
    field.setAttribute('role', 'img');
    let painting = null; // {kind, on} over numbers, {x, y} over the field
    root.dataset.lmSuppressShortcuts = 'true'; // JupyterLab has meanings for these keys, too
    el.replaceChildren(root);

    const chosen = kind => new Set(model.get(TRAITS[kind]));
    const count = kind => model.get(kind === 'step' ? 'steps' : 'layers');

    function put(kind, numbers) {
      model.set(TRAITS[kind], [...numbers].sort((a, b) => a - b));
      model.set('painted', true);
      model.save_changes();
      draw();
    }

    function set(kind, i, on) {
      const numbers = chosen(kind);
      if (numbers.has(i) === on) return;
      if (on) numbers.add(i);
      else numbers.delete(i);
      put(kind, numbers);
    }

    // ---- the numbers along the edges
    function number(kind, i) {
      const narrow = count('step') > 29; // too narrow for each to have its number
      const textContent = narrow && i % 5 ? '' : i;
      const made = element('button', {type: 'button', className: `sc-${kind}`, textContent, tabIndex: i ? -1 : 0});
      made.dataset.kind = kind;
      made.dataset.number = i;
      made.setAttribute('aria-label', `${TITLES[kind]} ${i}`);
      made.addEventListener('pointerdown', event => {
        painting = {kind, on: !chosen(kind).has(i)};
        made.releasePointerCapture?.(event.pointerId);
        set(kind, i, painting.on);
      });
      made.addEventListener('click', event => { if (event.detail === 0) set(kind, i, !chosen(kind).has(i)); });
      made.addEventListener('keydown', event => move(event, kind, i));
      return made;
    }

    function move(event, kind, i) {
      const by = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
      const next = by && buttons[kind][i + by];
      if (!next) return;
      event.preventDefault();
      event.stopPropagation();
      buttons[kind].forEach(button => { button.tabIndex = button === next ? 0 : -1; });
      next.focus();
    }

    root.addEventListener('pointermove', event => {
      if (!painting?.kind || !event.buttons) return;
      const under = root.getRootNode().elementFromPoint(event.clientX, event.clientY);
      if (under?.dataset?.kind === painting.kind) set(painting.kind, +under.dataset.number, painting.on);
    });

    // ---- a rectangle in the field
    function cell(event) {
      const box = field.getBoundingClientRect();
      const within = (share, n) => Math.max(0, Math.min(n - 1, Math.floor(share*n)));
      return {step: within((event.clientX - box.left)/box.width, count('step')),
        layer: within((event.clientY - box.top)/box.height, count('layer'))};
    }

    function span(a, b) {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      return Array.from({length: to - from + 1}, (_, i) => from + i);
    }

    function rectangle(event) {
      const to = cell(event);
      put('step', span(painting.from.step, to.step));
      put('layer', span(painting.from.layer, to.layer));
    }

    field.addEventListener('pointerdown', event => {
      field.setPointerCapture(event.pointerId);
      painting = {from: cell(event)};
      rectangle(event);
    });
    field.addEventListener('pointermove', event => { if (painting?.from && event.buttons) rectangle(event); });
    const stop = () => { painting = null; };
    window.addEventListener('pointerup', stop);

    // ---- what is seen
    function draw() {
      const steps = chosen('step'), layers = chosen('layer'), [n, m] = [count('step'), count('layer')];
      for (const [kind, numbers] of [['step', steps], ['layer', layers]])
        buttons[kind].forEach((button, i) => button.setAttribute('aria-pressed', numbers.has(i)));
      const context = field.getContext('2d');
      const size = Math.max(4, Math.floor(Math.min(22, 640/n)));
      field.width = n*size;
      field.height = m*size;
      for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) {
        context.fillStyle = steps.has(i) && layers.has(j) ? '#2563eb' : '#cbd5e1';
        context.fillRect(i*size, j*size, size - 1, size - 1);
      }
      field.setAttribute('aria-label', `Injection in ${steps.size} of ${n} steps and ${layers.size} of ${m} blocks`);
      root.style.setProperty('--size', `${size}px`);
    }

    function build() {
      for (const kind of ['step', 'layer'])
        buttons[kind] = Array.from({length: count(kind)}, (_, i) => number(kind, i));
      const group = (kind, title) => {
        const made = element('div', {className: `sc-${kind}s`}, ...buttons[kind]);
        made.setAttribute('role', 'group');
        made.setAttribute('aria-label', title);
        return made;
      };
      root.replaceChildren(element('div'), group('step', 'Steps'), group('layer', 'Blocks'), field);
      draw();
    }

    const watched = ['change:steps', 'change:layers'], changes = ['change:chosen_steps', 'change:chosen_layers'];
    watched.forEach(name => model.on(name, build));
    changes.forEach(name => model.on(name, draw));
    build();
    return () => {
      watched.forEach(name => model.off(name, build));
      changes.forEach(name => model.off(name, draw));
      window.removeEventListener('pointerup', stop);
    };
  },
};
