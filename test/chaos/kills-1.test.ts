import { playLane } from './kills';

playLane(1);
