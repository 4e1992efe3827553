// The report's only script. It stands in pages that have something to search, sort, zoom or filter;
// the pages' policy names it by its hash. It loads nothing and makes no markup out of text.
'use strict';
(function () {
  function all(selector, within) {
    return Array.prototype.slice.call((within || document).querySelectorAll(selector));
  }
  function make(name, className, text) {
    var element = document.createElement(name);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  }
  function labelled(text, control) {
    var label = make('label', '', text + ' ');
    label.appendChild(control);
    return label;
  }
  function button(text, label, action) {
    var element = make('button', '', text);
    element.type = 'button';
    if (label) element.setAttribute('aria-label', label);
    element.addEventListener('click', action);
    return element;
  }
  function searchBox() {
    var input = make('input');
    input.type = 'search';
    input.autocomplete = 'off';
    input.spellcheck = false;
    return input;
  }
  function status() {
    var element = make('span', 'status');
    element.setAttribute('role', 'status');
    return element;
  }

  // Tables: words that rows must hold, a value that one column must have, and an order.
  function setUpTable(tools) {
    var table = document.getElementById(tools.dataset.table);
    if (!table) return;
    var rows = all('tbody tr', table);
    var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
    var input = searchBox();
    var chosen = null;
    var column = Number(tools.dataset.column || 0);
    var told = status();
    function apply() {
      var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      var shown = 0;
      rows.forEach(function (row, index) {
        var fits = words.every(function (word) { return texts[index].indexOf(word) >= 0; });
        if (fits && chosen && chosen.value) {
          fits = row.cells[column].textContent.trim() === chosen.value;
        }
        row.hidden = !fits;
        if (fits) shown += 1;
      });
      told.textContent = shown === rows.length ? rows.length + ' rows' : shown + ' of ' + rows.length + ' rows';
    }
    tools.appendChild(labelled('Filter', input));
    if (tools.dataset.values) {
      chosen = make('select');
      chosen.appendChild(make('option', '', 'all'));
      chosen.firstChild.value = '';
      tools.dataset.values.split(' ').forEach(function (value) {
        chosen.appendChild(make('option', '', value));
      });
      chosen.addEventListener('change', apply);
      tools.appendChild(labelled(table.tHead.rows[0].cells[column].textContent, chosen));
    }
    tools.appendChild(told);
    input.addEventListener('input', apply);
    all('thead th', table).forEach(function (heading, index) { setUpSorting(table, rows, heading, index); });
    tools.hidden = false;
    var asked = new URLSearchParams(location.search).get('q');
    if (asked) input.value = asked;
    apply();
  }

  function setUpSorting(table, rows, heading, index) {
    var order = ['critical', 'high', 'medium', 'low'];
    function value(row) {
      var text = row.cells[index].textContent.trim();
      var rank = order.indexOf(text);
      return rank >= 0 ? String(rank) : text.replace(/\u202f/g, '');
    }
    var title = heading.textContent;
    heading.textContent = '';
    heading.appendChild(button(title, '', function () {
      var down = heading.getAttribute('aria-sort') === 'ascending';
      all('thead th', table).forEach(function (other) { other.removeAttribute('aria-sort'); });
      heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      var sorted = rows.slice().sort(function (a, b) {
        var result = value(a).localeCompare(value(b), undefined, { numeric: true });
        return down ? -result : result;
      });
      sorted.forEach(function (row) { table.tBodies[0].appendChild(row); });
    }));
  }

  // Pictures: a part of the drawing, moved and scaled by its viewBox.
  function setUpDrawing(canvas) {
    var svg = canvas.querySelector('svg.drawing');
    if (!svg) return;
    var whole = svg.getAttribute('viewBox').split(' ').map(Number);
    var view = whole.slice();
    function show() { svg.setAttribute('viewBox', view.join(' ')); }
    function zoom(factor, x, y) {
      var width = Math.min(whole[2], Math.max(whole[2] / 40, view[2] * factor));
      factor = width / view[2];
      view = [view[0] + (x * (1 - factor)) * view[2], view[1] + (y * (1 - factor)) * view[3],
        view[2] * factor, view[3] * factor];
      move(0, 0);
    }
    function move(dx, dy) {
      view[0] = Math.max(whole[0], Math.min(whole[0] + whole[2] - view[2], view[0] + dx));
      view[1] = Math.max(whole[1], Math.min(whole[1] + whole[3] - view[3], view[1] + dy));
      show();
    }
    var bar = make('div', 'zoom');
    bar.appendChild(button('+', 'zoom in', function () { zoom(0.7, 0.5, 0.5); }));
    bar.appendChild(button('−', 'zoom out', function () { zoom(1 / 0.7, 0.5, 0.5); }));
    bar.appendChild(button('whole', 'show the whole picture', function () {
      view = whole.slice();
      show();
    }));
    canvas.parentNode.insertBefore(bar, canvas);
    svg.addEventListener('wheel', function (event) {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      var box = svg.getBoundingClientRect();
      zoom(event.deltaY < 0 ? 0.85 : 1 / 0.85, (event.clientX - box.left) / box.width,
        (event.clientY - box.top) / box.height);
    }, { passive: false });
    canvas.addEventListener('keydown', function (event) {
      var step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (event.key === '+') zoom(0.7, 0.5, 0.5);
      else if (event.key === '-') zoom(1 / 0.7, 0.5, 0.5);
      else if (step && view[2] < whole[2]) {
        event.preventDefault();
        move(step[0] * view[2] / 10, step[1] * view[3] / 10);
      }
    });
    var last = null;
    svg.addEventListener('pointerdown', function (event) {
      if (view[2] < whole[2] && event.button === 0) last = [event.clientX, event.clientY, 0];
    });
    svg.addEventListener('pointermove', function (event) {
      if (!last) return;
      var box = svg.getBoundingClientRect();
      var dx = event.clientX - last[0];
      var dy = event.clientY - last[1];
      last = [event.clientX, event.clientY, last[2] + Math.abs(dx) + Math.abs(dy)];
      move(-dx * view[2] / box.width, -dy * view[3] / box.height);
    });
    // The end of a drag is no click on what happens to be there.
    svg.addEventListener('click', function (event) {
      if (last && last[2] > 6) event.preventDefault();
      last = null;
    }, true);
    document.addEventListener('pointerup', function () {
      var ended = last;
      setTimeout(function () { if (last === ended) last = null; }, 0);
    });
    // A link is moved with the picture, not carried off.
    svg.addEventListener('dragstart', function (event) { event.preventDefault(); });
  }

  // A traced path in the picture of all nodes: its boxes stay, the others fade.
  function setUpLight(item) {
    var marks = item.dataset.light.split(' ');
    var lit = button('show in the picture', '', function () {
      var on = lit.getAttribute('aria-pressed') !== 'true';
      all('[data-light] button').forEach(function (other) { other.setAttribute('aria-pressed', 'false'); });
      lit.setAttribute('aria-pressed', String(on));
      all('[data-mark]').forEach(function (box) {
        box.classList.toggle('faded', on && marks.indexOf(box.dataset.mark) < 0);
        box.classList.toggle('lit', on && marks.indexOf(box.dataset.mark) >= 0);
      });
      if (on) document.querySelector('[data-mark].lit').scrollIntoView({ block: 'center' });
    });
    lit.setAttribute('aria-pressed', 'false');
    item.appendChild(lit);
  }

  // The index: entries of this page, or the page of the index that a word is on.
  function setUpSearch(tools) {
    var list = document.getElementById('entries');
    var shards = document.getElementById('shards');
    var pages = shards ? all('li', shards) : [];
    var entries = list ? all('li', list) : [];
    var texts = entries.map(function (entry) { return entry.textContent.toLowerCase(); });
    var input = searchBox();
    var told = status();
    function page(word) {
      var found = null;
      pages.forEach(function (item) {
        if (item.dataset.first <= word || !found) found = item;
      });
      return found && found.querySelector('a').getAttribute('href');
    }
    function apply() {
      var word = input.value.trim().toLowerCase();
      var shown = 0;
      entries.forEach(function (entry, index) {
        var key = texts[index];
        var fits = pages.length > 1 ? key.indexOf(word) === 0 : key.indexOf(word) >= 0;
        entry.hidden = !fits;
        if (fits) shown += 1;
      });
      told.textContent = entries.length ? shown + ' of ' + entries.length + ' entries' : '';
    }
    input.addEventListener('input', apply);
    input.addEventListener('keydown', function (event) {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      var word = input.value.trim().toLowerCase();
      var target = pages.length ? page(word) : null;
      var here = location.pathname.split('/').pop();
      if (target && target !== here) {
        location.href = target + '?q=' + encodeURIComponent(input.value.trim());
      } else {
        var first = entries.filter(function (entry) { return !entry.hidden; })[0];
        if (first) location.href = first.querySelector('a').getAttribute('href');
      }
    });
    tools.appendChild(labelled('Search', input));
    tools.appendChild(told);
    tools.hidden = false;
    var asked = new URLSearchParams(location.search).get('q');
    if (asked) input.value = asked;
    apply();
    input.focus();
  }

  all('[data-table]').forEach(setUpTable);
  all('.canvas').forEach(setUpDrawing);
  all('[data-light]').forEach(setUpLight);
  all('[data-search]').forEach(setUpSearch);
}());
