import { randomKey } from '../organizations/naming';

/** A password nobody can guess and everybody can read out: four groups of five letters and digits. */
export function generatedPassword(random: (length: number) => string = randomKey): string {
  // no signs that look alike
  const fair = random(80).replace(/[0O1lI]/g, '').slice(0, 20);
  return fair.match(/.{5}/g)?.join('-') ?? fair;
}
