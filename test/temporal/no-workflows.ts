/** Code that knows none of the runs that are open. */
export {};
