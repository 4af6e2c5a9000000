package import XQueueCore

extension ClientRequest {
    /// `POST /schedules/preview`
    package static func previewSchedule(
        _ timing: ScheduleDefinition.Timing, name: String?, count: Int, after start: Timestamp?
    ) -> ClientRequest<PreviewedSchedule> {
        var writer = JSONWriter()
        writer.object { writer in
            timing.write(to: &writer)
            if let name { writer.member("name", name) }
            writer.member("count", count)
            if let start { writer.member("after", start) }
        }
        return ClientRequest<PreviewedSchedule>(.post, "/schedules/preview", body: writer.text)
    }

    /// `GET /schedules`
    package static func schedules(after name: String?, limit: Int) -> ClientRequest<QueueSchedulePage> {
        var query = [(name: "limit", value: "\(limit)")]
        if let name { query.append((name: "after", value: name)) }
        return ClientRequest<QueueSchedulePage>(.get, "/schedules", query: query)
    }

    /// `GET /schedules/{name}`
    package static func schedule(_ name: String) -> ClientRequest<QueueSchedule> {
        ClientRequest<QueueSchedule>(.get, path(ofSchedule: name))
    }

    /// `PUT /schedules/{name}` with an encoded schedule.
    package static func setSchedule(
        _ name: String, body: String, version: Int?
    ) -> ClientRequest<QueueSchedule> {
        ClientRequest<QueueSchedule>(.put, path(ofSchedule: name), body: body).changing(version)
    }

    /// `PATCH /schedules/{name}` with an encoded merge patch.
    package static func patchSchedule(
        _ name: String, body: String, version: Int?
    ) -> ClientRequest<QueueSchedule> {
        ClientRequest<QueueSchedule>(.patch, path(ofSchedule: name), body: body).changing(version)
    }

    /// `DELETE /schedules/{name}`
    package static func removeSchedule(_ name: String, version: Int?) -> ClientRequest<ServerMessage> {
        var request = ClientRequest<ServerMessage>(.delete, path(ofSchedule: name), isRepeatable: false)
        request.version = version
        return request
    }

    /// `POST /schedules/{name}/pause`
    package static func pauseSchedule(_ name: String, reason: String?) -> ClientRequest<QueueSchedule> {
        let body = reason.map { reason in
            var writer = JSONWriter()
            writer.object { $0.member("reason", reason) }
            return writer.text
        }
        return ClientRequest<QueueSchedule>(.post, "\(path(ofSchedule: name))/pause", body: body)
    }

    /// `POST /schedules/{name}/resume`
    package static func resumeSchedule(_ name: String) -> ClientRequest<QueueSchedule> {
        ClientRequest<QueueSchedule>(.post, "\(path(ofSchedule: name))/resume")
    }

    /// `POST /schedules/{name}/run`
    package static func runSchedule(_ name: String) -> ClientRequest<QueueTask> {
        ClientRequest<QueueTask>(.post, "\(path(ofSchedule: name))/run", isRepeatable: false)
    }

    /// `POST /schedules/{name}/backfill`
    package static func backfillSchedule(
        _ name: String, from start: Timestamp, to end: Timestamp, isDryRun: Bool
    ) -> ClientRequest<ScheduleBackfill> {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("from", start)
            writer.member("to", end)
            writer.member("dry_run", isDryRun)
        }
        return ClientRequest<ScheduleBackfill>(
            .post, "\(path(ofSchedule: name))/backfill", body: writer.text)
    }

    private static func path(ofSchedule name: String) -> String {
        "/schedules/\(PercentEncoding.encoded(name))"
    }
}
