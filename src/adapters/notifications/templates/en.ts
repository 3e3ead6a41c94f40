/** What is said in English. The first line is the title. */
import type { Texts } from './texts';

const CHANGE = '{{ service }} {{ version }} on {{ cluster }}';

export const EN: Texts = {
  began: {
    team: `${CHANGE}: begun
{{ hosts }} hosts in {{ batches }} batches. Follow it: pawl get {{ change }} --watch`,
    users: `{{ service }} is being updated
An update has begun. You can go on working meanwhile.`,
    management: `${CHANGE}: the change has begun
It goes to {{ hosts }} hosts, a few at a time. The service stays available.`,
  },
  waitsForPerson: {
    team: `${CHANGE}: waits for you
{{ what }}
Without an answer by {{ until | moment }}, {{ then }}. How to answer: {{ command }}`,
    users: `The update of {{ service }} takes longer
It has been halted for a moment. You can go on working meanwhile.`,
    management: `${CHANGE}: waits for a decision
The change stands still until somebody decides, at the latest until {{ until | moment }}. The team knows.`,
  },
  progress: {
    team: `${CHANGE}: {{ percent }} %
{{ done }} of {{ hosts }} hosts are done, batch {{ batch }} of {{ batches }}.`,
    users: `The update of {{ service }} goes on
{{ percent }} % are done.`,
    management: `${CHANGE}: {{ percent }} % are done
{{ done }} of {{ hosts }} hosts carry the new version.`,
  },
  hostFailed: {
    team: `${CHANGE}: {{ host }} failed
{{ why }}
Look at it: pawl get {{ change }}`,
    users: `A fault while {{ service }} was updated
It is being dealt with. You can go on working meanwhile.`,
    management: `${CHANGE}: one host failed
The change acts as its plan says, and the team knows.`,
  },
  undone: {
    team: `${CHANGE}: {% if complete %}put back{% else %}NOT put back{% endif %}
{{ why }}
{% if complete %}Everything that was touched is as it was.{% else %}Something is left to do: pawl get {{ change }}{% endif %}`,
    users: `The update of {{ service }} was taken back
{% if complete %}The version before is in use again.{% else %}The team is at work on it.{% endif %}`,
    management: `${CHANGE}: {% if complete %}taken back{% else %}could not be taken back{% endif %}
{% if complete %}The version before is in use again, on every host.{% else %}Work by hand is needed; the team knows.{% endif %}`,
  },
  ended: {
    team: `${CHANGE}: {{ end }}
{{ summary }}
It took {{ minutes }} min.{% for todo in leftToDo %}
Left to do: {{ todo }}{% endfor %}`,
    users: `The update of {{ service }} {% if well %}is done{% else %}did not take place{% endif %}
{% if well %}The new version is in use.{% else %}It will be tried again another time.{% endif %}`,
    management: `${CHANGE}: {% if well %}succeeded{% else %}did not succeed ({{ end }}){% endif %}
It took {{ minutes }} min.{% if well %} The new version is in use.{% endif %}{% if leftToDo.size > 0 %} {{ leftToDo.size }} points are left to do.{% endif %}`,
  },
  maintenanceAnnounced: {
    team: `Maintenance of {{ service }} on {{ cluster }} announced
From {{ from | moment }} to {{ to | moment }}, {{ minutes }} min: {{ why }}. Contact: {{ contact }}`,
    users: `{{ service }}: maintenance from {{ from | moment }}
It will not be available until {{ to | moment }}: {{ why }}. Please save your work before. Questions: {{ contact }}`,
    management: `Maintenance of {{ service }} is planned
From {{ from | moment }} to {{ to | moment }} users cannot work with it: {{ why }}.`,
  },
  maintenanceStarted: {
    team: `Maintenance of {{ service }} on {{ cluster }} begun
Until {{ to | moment }}: {{ why }}. Contact: {{ contact }}`,
    users: `{{ service }}: maintenance has begun
It will be available again at {{ to | moment }}: {{ why }}. Questions: {{ contact }}`,
    management: `Maintenance of {{ service }} has begun
It ends at {{ to | moment }}.`,
  },
  maintenanceExtended: {
    team: `Maintenance of {{ service }} on {{ cluster }} takes longer
Until {{ to | moment }} now: {{ why }}. Contact: {{ contact }}`,
    users: `{{ service }}: maintenance takes longer
It will be available again at {{ to | moment }}. We are sorry for the delay. Questions: {{ contact }}`,
    management: `Maintenance of {{ service }} takes longer
It ends at {{ to | moment }} now: {{ why }}.`,
  },
  maintenanceEnded: {
    team: `Maintenance of {{ service }} on {{ cluster }} ended
It took {{ minutes }} min: {{ why }}.`,
    users: `{{ service }} is available again
The maintenance is over. Questions: {{ contact }}`,
    management: `Maintenance of {{ service }} is over
It took {{ minutes }} min.`,
  },
  maintenanceCancelled: {
    team: `Maintenance of {{ service }} on {{ cluster }} does not take place
It was announced for {{ from | moment }}: {{ why }}. Contact: {{ contact }}`,
    users: `{{ service }}: the maintenance does not take place
You can go on working on {{ from | moment }}. Questions: {{ contact }}`,
    management: `Maintenance of {{ service }} does not take place
It was announced for {{ from | moment }}: {{ why }}.`,
  },
  alert: {
    team: `ALERT: {{ service }} on {{ cluster }}
{{ what }}, since {{ since | moment }}. Effect: {{ effect }}. Expected: {{ expected }}`,
    users: `{{ service }}: there is a fault
{{ effect }}. We expect: {{ expected }}. You will hear from us when it is over.`,
    management: `Fault of {{ service }} since {{ since | moment }}
Effect: {{ effect }}. Expected: {{ expected }}. The team is at work on it.`,
  },
  allClear: {
    team: `All clear: {{ service }} on {{ cluster }}
{{ what }}: over after {{ minutes }} min (since {{ since | moment }}).`,
    users: `{{ service }} works again
The fault is over. Thank you for your patience.`,
    management: `Fault of {{ service }} is over
It lasted {{ minutes }} min, since {{ since | moment }}.`,
  },
  drift: {
    team: `DRIFT: configuration of {{ service }} on {{ cluster }}
{{ hosts }} hosts are otherwise than {{ wanted }}. New:{% for one in news %}
{{ one }}{% endfor %}{% if more > 0 %}
and {{ more }} more{% endif %}
{% if correction != '' %}{{ correction }} brings it back.{% else %}What to do: pawl get {{ change }}{% endif %}`,
    users: `{{ service }}: settings are being checked
You can go on working meanwhile.`,
    management: `Configuration of {{ service }} was changed outside of a change
{{ hosts }} hosts are otherwise than planned. The team knows.`,
  },
  backupTrouble: {
    team: `BACKUPS: {{ service }} on {{ cluster }}{% for one in news %}
{{ one }}{% endfor %}{% if more > 0 %}
and {{ more }} more{% endif %}
What to do: pawl get {{ change }}`,
    users: `{{ service }}: backups are being checked
You can go on working meanwhile.`,
    management: `Backups of {{ service }} need attention
The team knows. What was backed up before is kept.`,
  },
  test: {
    team: `Test of notifications from {{ cluster }}
{{ by }} asked for this message. Nothing has happened.`,
    users: `A test message
Please ignore it. Nothing has happened.`,
    management: `Test of notifications from {{ cluster }}
{{ by }} asked for this message. Nothing has happened.`,
  },
};
