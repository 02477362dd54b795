// Which names stand beside their nodes: none over another one, and none beyond the edge where there is room on the other side.

export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const meet = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** The names of one picture; those that come first have their place. */
export class Labels {
  private taken: Box[] = [];

  /** Forgets the picture before. */
  begin() {
    this.taken = [];
  }

  /** Takes a place, if nobody has it. */
  take(box: Box): boolean {
    if (this.taken.some((other) => meet(box, other))) return false;
    this.taken.push(box);
    return true;
  }

  /**
   * Where a name begins, undefined if there is no room: to the right of its node, else to the left.
   * All in pixels: the node's middle and radius, the name's width and height, the picture's width.
   */
  beside({ x, y, radius, width, height, within }: { x: number; y: number; radius: number; width: number; height: number; within: number }): number | undefined {
    const gap = 3;
    const [right, left] = [x + radius + gap, x - radius - gap - width];
    const sides = right + width <= within || left < 0 ? [right, left] : [left, right];
    return sides.find((at) => at + width > 0 && at < within && this.take({ left: at - 2, right: at + width + 2, top: y - height / 2, bottom: y + height / 2 }));
  }
}
