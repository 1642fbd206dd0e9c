import MoEBase
import HTTPTypes
import Foundation

extension Route {
  /// `GET /`.
  static let page = Route(
    method: .get, path: "/", access: .open, operation: "page",
    summary: "A console for people", answer: ("text/html; charset=utf-8", ["type": "string"]),
    isAudited: false
  ) { _ in
    RouteResponse(bytes: PackageResources.page_html, type: "text/html; charset=utf-8")
  }
}
