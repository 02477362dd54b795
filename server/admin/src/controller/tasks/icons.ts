// The Lucide icons tasks name. One by one, so that only these are in the program.
import {
  AlarmClock, ArrowRightToLine, AtSign, Cable, Clock, EthernetPort, FileText, KeyRound, Lightbulb, ListOrdered, LockKeyhole, type LucideIcon,
  Network, Orbit, RadioTower, Route, ScrollText, Shield, Terminal, UserRoundCheck, Waypoints, Wifi,
} from 'lucide-react';

/** The icons by the names tasks use. */
export const icons: Record<string, LucideIcon> = {
  'alarm-clock': AlarmClock,
  'arrow-right-to-line': ArrowRightToLine,
  'at-sign': AtSign,
  cable: Cable,
  clock: Clock,
  'ethernet-port': EthernetPort,
  'file-text': FileText,
  'key-round': KeyRound,
  lightbulb: Lightbulb,
  'list-ordered': ListOrdered,
  'lock-keyhole': LockKeyhole,
  network: Network,
  orbit: Orbit,
  'radio-tower': RadioTower,
  route: Route,
  'scroll-text': ScrollText,
  shield: Shield,
  terminal: Terminal,
  'user-round-check': UserRoundCheck,
  waypoints: Waypoints,
  wifi: Wifi,
};
