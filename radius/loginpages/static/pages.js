// What pages do better with a script; each works without it.
(function () {
  'use strict';
  var all = function (s, f) { Array.prototype.forEach.call(document.querySelectorAll(s), f); };
  var box = function () { try { return window.sessionStorage; } catch (e) { return null; } };
  var toast = function (text, bad) {
    var p = document.createElement('p');
    p.className = 'message ' + (bad ? 'bad' : 'good');
    p.setAttribute('role', bad ? 'alert' : 'status');
    p.textContent = text;
    document.getElementById('toasts').appendChild(p);
    window.setTimeout(function () { p.remove(); }, 10000);
  };

  // what was typed stays when the page goes away before it was taken
  all('form[data-keep]', function (form) {
    var key = 'kept:' + location.pathname + ':' + form.getAttribute('data-keep'), store = box();
    if (!store) return;
    var fields = function (f) {
      Array.prototype.forEach.call(form.elements, function (e) {
        if (e.name && e.type !== 'password' && e.type !== 'hidden' && e.type !== 'checkbox' && e.type !== 'submit' && e.type !== 'button') f(e);
      });
    };
    var kept = JSON.parse(store.getItem(key) || '{}');
    fields(function (e) { if (!e.value && kept[e.name]) e.value = kept[e.name]; });
    store.removeItem(key);
    form.addEventListener('submit', function () {
      var out = {};
      fields(function (e) { out[e.name] = e.value; });
      try { store.setItem(key, JSON.stringify(out)); } catch (e) { /* full: nothing is kept */ }
    });
  });
  if (document.getElementById('status') && box()) {
    Object.keys(box()).forEach(function (k) { if (k.indexOf('kept:') === 0) box().removeItem(k); });
  }

  // the banner stays closed for this visit; another one is another banner
  all('.sticky-msg .close', function (b) {
    var text = b.parentNode.textContent, store = box();
    if (store && store.getItem('closed') === text) { b.parentNode.remove(); return; }
    b.hidden = false;
    b.addEventListener('click', function () {
      try { if (store) store.setItem('closed', text); } catch (e) { /* it comes back on the next page */ }
      b.parentNode.remove();
    });
  });

  all('.peek', function (b) {
    var input = b.parentNode.querySelector('input');
    b.hidden = false;
    b.setAttribute('aria-label', b.getAttribute('data-show'));
    b.addEventListener('click', function () {
      var shown = input.type === 'password';
      input.type = shown ? 'text' : 'password';
      b.setAttribute('aria-pressed', String(shown));
    });
  });

  // a voucher's code leads here with name and password behind a #, which no server sees
  all('form[data-login]', function (form) {
    var at = location.hash.indexOf('username=');
    if (at < 0) return;
    var q = new URLSearchParams(location.hash.slice(1));
    history.replaceState(null, '', location.pathname + location.search);
    if (!q.get('username') || !q.get('password')) return;
    var name = form.querySelector('[name=username]');
    name.type = 'text';
    name.removeAttribute('pattern');
    name.value = q.get('username');
    form.querySelector('[name=password]').value = q.get('password');
    form.querySelector('[type=submit]').focus();
  });

  all('form[data-auto]', function (form) {
    if (!form.querySelector('[name=otp]')) form.submit();
  });

  all('button[data-wait]', function (b) {
    var left = Number(b.getAttribute('data-wait')), text = b.textContent;
    var tick = function () {
      b.disabled = left > 0;
      b.textContent = left > 0 ? text + ' (' + left + ')' : text;
      if (left-- > 0) window.setTimeout(tick, 1000);
    };
    tick();
  });

  // the captive portal's form goes into a frame, so that this page stays; a portal that
  // does not answer in eight seconds leaves the button to press
  all('form[data-portal-form]', function (form) {
    var then = form.getAttribute('data-then') || location.pathname;
    var next = form.getAttribute('data-next');
    if (!form.hasAttribute('data-framed')) { form.submit(); return; }
    var frame = document.createElement('iframe');
    frame.name = form.hasAttribute('data-then') ? 'owisp-auth-logout-iframe' : 'owisp-auth-iframe';
    frame.className = 'off';
    frame.title = frame.name;
    frame.setAttribute('aria-hidden', 'true');
    frame.tabIndex = -1;
    document.body.appendChild(frame);
    form.target = frame.name;
    var done = false;
    var go = function () {
      if (done) return;
      done = true;
      var reply = '';
      try {
        var inner = new URLSearchParams(frame.contentWindow.location.search);
        reply = inner.get('reply') || (/404/.test(frame.contentDocument.title) ? '404' : '');
      } catch (e) { /* another origin's: it let us in, or its next page tells */ }
      if (reply) { location.replace(then + '?reply=' + encodeURIComponent(reply)); return; }
      window.setTimeout(function () { location.replace(next || then); }, Number(form.getAttribute('data-pause')) || 400);
    };
    var first = true;
    frame.addEventListener('load', function () {
      var blank = false;
      try { blank = frame.contentWindow.location.href === 'about:blank'; } catch (e) { /* not ours: loaded */ }
      if (first && blank) { first = false; return; }
      go();
    });
    form.submit();
    window.setTimeout(function () { if (!done) { done = true; form.removeAttribute('target'); } }, 8000);
  });

  // captive portals say how it went (spec: login-pages §5.2)
  all('#status', function (page) {
    var origin = '';
    try { origin = new URL(page.getAttribute('data-origin')).origin; } catch (e) { /* no portal */ }
    window.addEventListener('message', function (m) {
      if (m.origin !== location.origin && m.origin !== origin || !m.data) return;
      if (m.data.type === 'authError') { toast(String(m.data.message), true); window.setTimeout(function () { document.querySelector('form.logout').submit(); }, 3000); }
      if (m.data.type === 'authMessage') toast(String(m.data.message), false);
      if (m.data.type === 'internet-mode') location.replace(location.pathname + '?mode=internet');
    });
    var part = document.getElementById('sessions-part');
    window.setInterval(function () {
      if (document.hidden || part.contains(document.activeElement)) return;
      fetch(part.getAttribute('data-refresh'), { credentials: 'same-origin', redirect: 'error' }).then(function (r) {
        if (r.ok) return r.text().then(function (t) { part.innerHTML = t; });
      }).catch(function () { /* the next time */ });
    }, 60000);
  });

  all('[data-reload]', function (e) {
    window.setTimeout(function () { location.reload(); }, Number(e.getAttribute('data-reload')) * 1000);
  });
})();
