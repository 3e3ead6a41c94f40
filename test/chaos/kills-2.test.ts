import { playLane } from './kills';

playLane(2);
