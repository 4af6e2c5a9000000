import HTTPTypes
import HummingbirdCore
import NIOCore
import XQueue

/// A file of the web console, embedded into the program from the folder `Web`.
struct ConsoleFile: Sendable {
    let mediaType: String
    let content: ByteBuffer
    /// Changes with the content, so that browsers download each version once.
    let entityTag: String

    /// The page; the other files are served under `/console/`.
    static let page = "index.html"

    private static let mediaTypes = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
    ]

    /// All files, by name.
    static let all: [String: ConsoleFile] = contents.reduce(into: [:]) { files, entry in
        files[entry.key] = ConsoleFile(name: entry.key, bytes: entry.value)
    }

    private init(name: String, bytes: [UInt8]) {
        let ending = name.split(separator: ".").last.map(String.init) ?? ""
        mediaType = Self.mediaTypes[ending] ?? "application/octet-stream"
        content = ByteBuffer(bytes: bytes)
        // FNV-1a is enough to distinguish versions of a file; it need not be hard to forge.
        let hash = bytes.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        entityTag = "\"\(String(hash, radix: 16))\""
    }

    private static let contents: [String: [UInt8]] = [
        "actions.js": PackageResources.actions_js,
        "api.js": PackageResources.api_js,
        "app.js": PackageResources.app_js,
        "base.css": PackageResources.base_css,
        "chart.js": PackageResources.chart_js,
        "checks.js": PackageResources.checks_js,
        "clock.js": PackageResources.clock_js,
        "cron-rejections.js": PackageResources.cron_rejections_js,
        "dialog.js": PackageResources.dialog_js,
        "dom.js": PackageResources.dom_js,
        "early.js": PackageResources.early_js,
        "favicon.svg": PackageResources.favicon_svg,
        "format.js": PackageResources.format_js,
        "frames.js": PackageResources.frames_js,
        "i18n.js": PackageResources.i18n_js,
        "icons.js": PackageResources.icons_js,
        "ids.js": PackageResources.ids_js,
        "index.html": PackageResources.index_html,
        "json.js": PackageResources.json_js,
        "merge-patch.js": PackageResources.merge_patch_js,
        "model.js": PackageResources.model_js,
        "overview-lists.js": PackageResources.overview_lists_js,
        "overview-log.js": PackageResources.overview_log_js,
        "overview-sinks.js": PackageResources.overview_sinks_js,
        "parts.css": PackageResources.parts_css,
        "parts.js": PackageResources.parts_js,
        "past.js": PackageResources.past_js,
        "phone.css": PackageResources.phone_css,
        "refresher.js": PackageResources.refresher_js,
        "rejections.js": PackageResources.rejections_js,
        "router.js": PackageResources.router_js,
        "schedule-actions.js": PackageResources.schedule_actions_js,
        "schedule-backfill.js": PackageResources.schedule_backfill_js,
        "schedule-buttons.js": PackageResources.schedule_buttons_js,
        "schedule-facts.js": PackageResources.schedule_facts_js,
        "schedule-fields.js": PackageResources.schedule_fields_js,
        "schedule-form.js": PackageResources.schedule_form_js,
        "schedule-parts.js": PackageResources.schedule_parts_js,
        "schedule-preview.js": PackageResources.schedule_preview_js,
        "schedule-row.js": PackageResources.schedule_row_js,
        "schedules.css": PackageResources.schedules_css,
        "series.js": PackageResources.series_js,
        "shell.css": PackageResources.shell_css,
        "shell.js": PackageResources.shell_js,
        "stream.js": PackageResources.stream_js,
        "submission.js": PackageResources.submission_js,
        "submit-field.js": PackageResources.submit_field_js,
        "submit-form.js": PackageResources.submit_form_js,
        "submit-unique.js": PackageResources.submit_unique_js,
        "task-edit.js": PackageResources.task_edit_js,
        "task-facts.js": PackageResources.task_facts_js,
        "task-filters.js": PackageResources.task_filters_js,
        "task-row.js": PackageResources.task_row_js,
        "task-rows.js": PackageResources.task_rows_js,
        "task-timeline.js": PackageResources.task_timeline_js,
        "unique.js": PackageResources.unique_js,
        "view-login.js": PackageResources.view_login_js,
        "view-overview.js": PackageResources.view_overview_js,
        "view-schedule.js": PackageResources.view_schedule_js,
        "view-schedules.js": PackageResources.view_schedules_js,
        "view-submit.js": PackageResources.view_submit_js,
        "view-task.js": PackageResources.view_task_js,
        "view-tasks.js": PackageResources.view_tasks_js,
        "view-types.js": PackageResources.view_types_js,
        "view-workers.js": PackageResources.view_workers_js,
        "views.css": PackageResources.views_css,
        "words-en.js": PackageResources.words_en_js,
        "words-zh.js": PackageResources.words_zh_js,
        "zones.js": PackageResources.zones_js,
    ]
}

extension QueueAPI {
    /// Allows only the console's own files, no inline styles or scripts, and no framing.
    private static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
        "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    /// `GET /` and `GET /console/{file}`
    func consoleFile(_ name: String, _ request: APIRequest) throws -> Reply {
        guard let file = ConsoleFile.all[name] else {
            throw QueueError(.notFound, "no such console file")
        }
        var headers: HTTPFields = [
            .contentType: file.mediaType,
            .eTag: file.entityTag,
            // Browsers revalidate each time, which is cheap while the file is unchanged.
            .cacheControl: "no-cache",
            .contentSecurityPolicy: Self.contentSecurityPolicy,
            .xContentTypeOptions: "nosniff",
        ]
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "no-referrer" }
        let known = request.request.headers[values: .ifNoneMatch].joined(separator: ",")
        if known.split(separator: ",").contains(where: { $0.trimmed == file.entityTag }) {
            return Reply(status: .notModified, headers: headers, body: ByteBuffer())
        }
        return Reply(status: .ok, headers: headers, body: file.content)
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        drop { $0 == " " }
    }
}
