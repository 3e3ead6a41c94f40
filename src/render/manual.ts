/**
 * How a change is followed and steered in Temporal's UI, for the Details of a run. True for every run, because the
 * form that starts the next one takes it over; the UI fills in the id.
 */
export const MANUAL = `Beside this, **Current Details** tell what is going on and what is waited for. **R** reads them anew.

*More Actions → Send an Update* steers the change; its list shows the JSON of each message:

- **pause**, **resume**: no host is out while it is paused
- **approve**, **reject**: where a yes is waited for
- **promote**, **extend**: end or lengthen an observation
- **retry**, **skip**: a host that is asked about, or has not begun
- **abort**: the end, with or without undo

*Request Cancellation* is an abort with undo. **Terminate** undoes nothing, and may leave a host out of rotation.

In a terminal: \`pawl get {workflowId} --watch\``;
