// The sound of a new notification: two tones of a small bell, made here. It is heard in one window only, the one that was
// used last, and never by those who asked for less motion (spec: notifications §10).

const windowKey = 'wispwright.window';
const own = Math.random().toString(36).slice(2);

/** Remembers this window as the one that is used, now and whenever it gets the focus; returns what ends it. */
export function claimWindow(): () => void {
  const claim = () => {
    try {
      localStorage.setItem(windowKey, own);
    } catch {
      // without storage every window sounds
    }
  };
  if (document.hasFocus()) claim();
  window.addEventListener('focus', claim);
  return () => window.removeEventListener('focus', claim);
}

function used(): boolean {
  try {
    return (localStorage.getItem(windowKey) ?? own) === own;
  } catch {
    return true;
  }
}

/** Whether sounds are wanted by the system's settings. */
export function quietSystem(): boolean {
  return window.matchMedia('(prefers-reduced-motion: reduce)').matches;
}

let context: AudioContext | undefined;

/** Sounds, unless this is not the window for it. Browsers let a page sound only after it was used. */
export async function ring(): Promise<void> {
  if (!used() || quietSystem()) return;
  try {
    context ??= new AudioContext();
    if (context.state === 'suspended') await context.resume();
    if (context.state !== 'running') return;
    const begin = context.currentTime + 0.02;
    for (const [delay, frequency] of [[0, 880], [0.11, 1318.5]] as const) strike(context, begin + delay, frequency);
  } catch {
    // a page without a loudspeaker shows it all the same
  }
}

/** One tone: a sine and a softer one above it, that die away. */
function strike(audio: AudioContext, at: number, frequency: number) {
  for (const [times, loudness, length] of [[1, 0.09, 0.5], [2.76, 0.02, 0.2]] as const) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = frequency * times;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(loudness, at + 0.008);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + length);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + length);
  }
}
