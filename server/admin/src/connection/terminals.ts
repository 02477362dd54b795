// What pages and the server tell each other through the socket of a terminal, and recordings.

/** Pieces of what is typed or pasted, as the server takes them. */
export function pieces(text: string, most = 32_768): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const out: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += most) out.push(bytes.subarray(at, at + most));
  return out;
}

/** The reason for which a terminal ended, when a frame tells of that. */
export function endOf(frame: string): string | undefined {
  try {
    const { type, reason } = JSON.parse(frame) as { type?: string; reason?: string };
    return type === 'end' ? (reason ?? '') : undefined;
  } catch {
    return undefined;
  }
}

/** One event of a recording: when, in seconds, and what was shown or how large the screen became. */
export interface CastEvent {
  at: number;
  shown?: string;
  size?: { cols: number; rows: number };
}

/** A recording, as an asciicast of version 2 has it. */
export interface Cast {
  cols: number;
  rows: number;
  events: CastEvent[];
  /** How long it is, in seconds. */
  length: number;
}

/** Reads an asciicast; lines that are none are left out. Pauses longer than most seconds are shortened. */
export function readCast(text: string, most = 2): Cast {
  const [head = '', ...lines] = text.split('\n');
  const cast: Cast = { cols: 80, rows: 24, events: [], length: 0 };
  try {
    const { width, height } = JSON.parse(head) as { width?: number; height?: number };
    cast.cols = width ?? 80;
    cast.rows = height ?? 24;
  } catch {
    return cast;
  }
  let before = 0;
  for (const line of lines) {
    try {
      const [when, kind, data] = JSON.parse(line) as [number, string, string];
      cast.length += Math.min(Math.max(when - before, 0), most);
      before = when;
      const [cols, rows] = data.split('x').map(Number);
      if (kind === 'o') cast.events.push({ at: cast.length, shown: data });
      else if (kind === 'r' && cols && rows) cast.events.push({ at: cast.length, size: { cols, rows } });
    } catch {
      // the end of a recording that goes on
    }
  }
  return cast;
}
