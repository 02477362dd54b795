/** The SVG paths of ring segments for values, clockwise from the top. A single value makes a whole ring. */
export function arcs(values: number[], outer: number, inner: number): string[] {
  const sum = values.reduce((total, value) => total + value, 0);
  if (sum <= 0) return values.map(() => '');
  let before = 0;
  return values.map((value) => {
    const from = before / sum;
    before += value;
    const share = value / sum;
    if (share === 0) return '';
    if (share === 1) return `${circle(outer)} ${circle(inner)}`;
    const to = from + share;
    const large = share > 0.5 ? 1 : 0;
    return [
      `M ${point(from, outer)}`,
      `A ${outer} ${outer} 0 ${large} 1 ${point(to, outer)}`,
      `L ${point(to, inner)}`,
      `A ${inner} ${inner} 0 ${large} 0 ${point(from, inner)}`,
      'Z',
    ].join(' ');
  });
}

function point(turn: number, radius: number): string {
  const angle = 2 * Math.PI * turn;
  return `${(radius * Math.sin(angle)).toFixed(3)} ${(-radius * Math.cos(angle)).toFixed(3)}`;
}

// Two half circles: one arc cannot end where it began.
function circle(radius: number): string {
  return `M 0 ${-radius} A ${radius} ${radius} 0 1 1 0 ${radius} A ${radius} ${radius} 0 1 1 0 ${-radius} Z`;
}
