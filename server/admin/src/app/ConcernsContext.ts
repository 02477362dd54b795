import { createContext, useContext } from 'react';
import type { Request } from '../api/client';
import type { SessionGate } from '../api/sessionGate';
import { type Concern, modelsOf } from './concern';

/** What the frame knows: the concerns, and the client of the API. */
export interface Frame {
  concerns: Concern[];
  request: Request;
  /** Through which requests wait when the session has ended. */
  gate: SessionGate;
}

/** The concerns of this admin, for what folds over them below the frame. */
export const FrameContext = createContext<Frame | undefined>(undefined);

/** The frame's concerns and client. */
export function useFrame(): Frame {
  const frame = useContext(FrameContext);
  if (!frame) throw new Error('useFrame is for what is inside the frame');
  return frame;
}

/** The models of all concerns. */
export function useModels() {
  return modelsOf(useFrame().concerns);
}
