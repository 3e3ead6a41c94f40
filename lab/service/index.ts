export { makeRelease, type Artifact, type Behaviour, type ReleaseOptions } from './release';
export { installDeb, makeDeb, PACKAGE } from './deb';
export { FIRST_VERSION } from './install';
