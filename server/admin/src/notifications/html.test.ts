import { expect, it } from 'vitest';
import { piecesOf, safeAddress, textOf } from './html';

it('reads what the server writes', () => {
  const pieces = piecesOf('<p>The configuration of <a href="https://a.example/admin/config/device/1/change/" rel="nofollow">ap &lt;1&gt; &amp; co</a> has an <em>error</em>.</p>\n<p>More</p>');
  expect(pieces[0]).toEqual({
    tag: 'p',
    inside: ['The configuration of ', { tag: 'a', href: 'https://a.example/admin/config/device/1/change/', inside: ['ap <1> & co'] }, ' has an ', { tag: 'em', inside: ['error'] }, '.'],
  });
  expect(textOf(pieces)).toBe('The configuration of ap <1> & co has an error. More');
});

it('leaves out what nobody may put there', () => {
  const hostile = '<p>a<script>alert(1)</script><img src=x onerror=alert(1)>b<style>p{}</style><a href="javascript:alert(1)" onclick="x()">c</a><!-- <b>d</b> --></p>';
  expect(piecesOf(hostile)).toEqual([{ tag: 'p', inside: ['a', 'b', { tag: 'a', inside: ['c'] }] }]);
  expect(textOf(piecesOf('<p>a <b>unclosed <p>x</b> < 5 &#60;i&#x3e; &#0; &unknown; <'))).toBe('a unclosed x < 5 <i> &unknown; <');
  expect(piecesOf('<svg><a href="x">y</a></svg>z')).toEqual(['z']);
});

it('follows addresses of the web only', () => {
  expect(['https://a/', '/admin/x', '#', 'mailto:a@b', 'data:text/html,x', 'JavaScript:x', ' javascript:x', 'java\nscript:x', '', undefined].map(safeAddress)).toEqual(['https://a/', '/admin/x', '#', 'mailto:a@b', undefined, undefined, undefined, undefined, undefined, undefined]);
});
