/** What lists in Temporal's UI and `pawl list` filter by; registered on the server before a worker starts. */
export const SEARCH_ATTRIBUTES = {
  PawlCluster: 'Keyword',
  PawlService: 'Keyword',
  PawlPhase: 'Keyword',
  PawlRisk: 'Keyword',
  PawlHosts: 'KeywordList',
  PawlProgress: 'Double',
} as const;
