export { makeConfigCentre } from './config';
export { makeRelease, type Behaviour } from './release';
export { installDeb, makeDeb } from './deb';
export { startOrders } from './orders';
