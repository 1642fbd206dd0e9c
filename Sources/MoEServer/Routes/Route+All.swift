extension Route {
  /// Every address of the server: what answers, what `/openapi.json` says and what tests ask.
  static let all: [Route] = [
    page, live, ready, health, version, metrics, openAPI, predict, route, analyze, embeddings,
    models, model, evals, completions, chatCompletions,
    feedback, usage, receipt, stats, generations, generationDiff, rollback, trace,
  ]
}
