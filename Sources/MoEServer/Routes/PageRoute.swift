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
    RouteResponse(bytes: console, type: "text/html; charset=utf-8")
  }

  /// The console: one page, its style and its scripts within it.
  private static let console: [UInt8] = {
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    let scripts = [
      PackageResources.page_js, PackageResources.history_js, PackageResources.document_js,
      PackageResources.start_js,
    ]
    return Array(
      text(PackageResources.page_html)
        .replacing("/* page.css */\n", with: text(PackageResources.page_css))
        .replacing("/* page.js */\n", with: scripts.map(text).joined()).utf8)
  }()
}
