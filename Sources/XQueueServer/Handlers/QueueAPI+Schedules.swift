import HTTPTypes
import Hummingbird
import XQueue
import XQueueCore

extension QueueAPI {
    private static let maxListed = 1000
    /// How often a change is tried if others change the schedule at the same time.
    private static let maxChanges = 10

    /// `POST /api/v1/schedules/preview`
    func previewSchedule(_ request: APIRequest) async throws -> Reply {
        let wanted = try PreviewReader.request(try await body(of: request))
        let preview = try manager.previewSchedule(
            wanted.timing, name: wanted.name, count: wanted.count, after: wanted.after?.date)
        var writer = JSONWriter()
        writer.preview(preview)
        return .json(.ok, writer)
    }

    // MARK: - Reading

    /// `GET /api/v1/schedules`
    func schedules(_ request: APIRequest) async throws -> Reply {
        let limit = try request.query.integer("limit") ?? 100
        guard 1...Self.maxListed ~= limit else {
            throw QueueError.invalid("limit", "must be from 1 to \(Self.maxListed)")
        }
        var found: [ScheduleReport] = []
        var after = try request.query.text("after")
        // A caller that is limited to some types does not see the others, so a page of the store may have fewer.
        while found.count <= limit {
            let page = try await manager.schedulePage(after: after, limit: min(limit + 1, Self.maxListed)) {
                request.caller.canAccess($0)
            }
            found += page.reports
            guard let next = page.next else { break }
            after = next
        }
        let shown = found.prefix(limit)
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("schedules")
            writer.array(shown) { writer, report in
                writer.schedule(report, request.caller.seen(report.definition))
            }
            writer.member("has_more", found.count > limit)
            writer.member("next", found.count > limit ? shown.last?.schedule.name : nil)
        }
        return .json(.ok, writer)
    }

    /// `GET /api/v1/schedules/{name}`
    func schedule(_ request: APIRequest) async throws -> Reply {
        reply(.ok, try await visible(request), to: request)
    }

    // MARK: - Changing

    /// `PUT /api/v1/schedules/{name}`
    func setSchedule(_ request: APIRequest) async throws -> Reply {
        let version = try request.expectedVersion()
        let name = request.parameters.first ?? ""
        let schedule = try ScheduleReader.schedule(try await body(of: request), name: name)
        if request.request.headers[.ifMatch] == "*", try await manager.schedule(name) == nil {
            throw QueueError(.versionConflict, "there is no such schedule, as `If-Match: *` demands")
        }
        guard request.caller.types != nil else { return try await set(schedule, version, request) }
        return try await whileOthersChange(version) {
            // With a version, so that no other tenant takes the name in between.
            let old = try await manager.schedule(name)
            if let old, !request.caller.canAccess(old.schedule.task.type) {
                throw QueueError(.nameTaken, "another schedule has this name", field: "name")
            }
            return try await set(schedule, version ?? old?.version ?? 0, request)
        }
    }

    /// `PATCH /api/v1/schedules/{name}`
    func patchSchedule(_ request: APIRequest) async throws -> Reply {
        let version = try request.expectedVersion()
        let patch = try SchedulePatch(try await body(of: request))
        return try await whileOthersChange(version) {
            let old = try await visible(request)
            let schedule = try patch.schedule(of: old.schedule, request.caller.seen(old.definition))
            return try await set(schedule, version ?? old.version, request)
        }
    }

    /// Repeats a change that others were faster than, unless the caller expects a version.
    private func whileOthersChange(
        _ version: Int?, _ change: () async throws -> Reply
    ) async throws -> Reply {
        for _ in 1..<Self.maxChanges {
            do {
                return try await change()
            } catch let error as QueueError where error.code == .versionConflict && version == nil {}
        }
        return try await change()
    }

    private func set(_ schedule: Schedule, _ version: Int?, _ request: APIRequest) async throws -> Reply {
        var schedule = schedule
        try request.caller.check(schedule.task.type, field: "task.type")
        do throws(QueueError) {
            schedule.task = try request.caller.scoped(schedule.task)
        } catch {
            throw error.within("task")
        }
        let (report, isNew) = try await manager.setSchedule(schedule, version: version)
        return reply(isNew ? .created : .ok, report, to: request)
    }

    /// `DELETE /api/v1/schedules/{name}`
    func removeSchedule(_ request: APIRequest) async throws -> Reply {
        let version = try request.expectedVersion()
        // Of a schedule that cannot be read nobody knows the type.
        if request.caller.types != nil { _ = try await visible(request) }
        try await manager.removeSchedule(request.parameters.first ?? "", version: version)
        var writer = JSONWriter()
        writer.object { $0.member("message", "schedule deleted") }
        return .json(.ok, writer)
    }

    /// `POST /api/v1/schedules/{name}/pause`
    func pauseSchedule(_ request: APIRequest) async throws -> Reply {
        let report = try await visible(request)
        let body = try await JSONBody.optionalText(of: request.request, limit: configuration.maxBodyBytes)
        let reason = try body.map { try PauseReader.reason($0) } ?? ""
        return reply(.ok, try await manager.pauseSchedule(report.schedule.name, reason: reason), to: request)
    }

    /// `POST /api/v1/schedules/{name}/resume`
    func resumeSchedule(_ request: APIRequest) async throws -> Reply {
        let report = try await visible(request)
        return reply(.ok, try await manager.resumeSchedule(report.schedule.name), to: request)
    }

    /// `POST /api/v1/schedules/{name}/run`
    func runSchedule(_ request: APIRequest) async throws -> Reply {
        let report = try await visible(request)
        let caller = request.caller
        let outcome = try await access.submissionQuota.within(caller, [report.schedule.task], manager) {
            let outcome = try await manager.runSchedule(report.schedule.name)
            return (outcome, outcome.isNew ? 1 : 0)
        }
        // A caller for all types may have given the task a key that types share.
        guard caller.canAccess(outcome.record.type) else {
            throw QueueError(.notUnique, "a task of another type holds the unique key")
        }
        return Self.reply(outcome, to: caller)
    }

    /// `POST /api/v1/schedules/{name}/backfill`
    func backfillSchedule(_ request: APIRequest) async throws -> Reply {
        let wanted = try BackfillReader(try await body(of: request))
        let report = try await visible(request)
        let ticks = try await manager.backfillSchedule(
            report.schedule.name, from: wanted.from.date, to: wanted.to.date, isDryRun: wanted.isDryRun)
        var writer = JSONWriter()
        writer.backfill(ticks, isDryRun: wanted.isDryRun)
        return .json(.ok, writer)
    }

    // MARK: - Parts

    /// The schedule named by the path, if the caller has access to its type.
    private func visible(_ request: APIRequest) async throws -> ScheduleReport {
        let name = request.parameters.first ?? ""
        guard let report = try await manager.schedule(name),
            request.caller.canAccess(report.schedule.task.type)
        else {
            throw QueueError(
                .notFound, "no such schedule: \(name.truncated(toBytes: ErrorReply.quotedBytes))")
        }
        return report
    }

    private func reply(
        _ status: HTTPResponse.Status, _ report: ScheduleReport, to request: APIRequest
    ) -> Reply {
        var writer = JSONWriter()
        writer.schedule(report, request.caller.seen(report.definition))
        var reply = Reply.json(status, writer)
        reply.headers[.eTag] = "\"\(report.version)\""
        return reply
    }
}
