import XQueue
import XQueueHandlers
import XQueueServer

/// Formats the configuration for people.
enum ConfigurationListing {
    /// Returns every value and its source, one per line.
    static func values(of resolved: ResolvedConfiguration) -> String {
        var rows = SettingsTable.all.map { setting in
            [
                setting.key, setting.read(resolved.values).isEmpty ? "\"\"" : setting.read(resolved.values),
                (resolved.sources[setting.key] ?? .default).description,
            ]
        }
        for token in resolved.values.auth.tokens {
            rows.append([
                "auth.tokens.\(token.name)", summary(of: token),
                (resolved.sources[SettingsTable.tokensSection] ?? .default).description,
            ])
        }
        if let file = resolved.values.schedules {
            func source(_ name: String) -> String { (resolved.sources[name] ?? .default).description }
            rows.append([
                SettingsTable.schedulesRevision, "\(file.revision)", source(SettingsTable.schedulesRevision),
            ])
            rows += file.schedules.map { schedule in
                ["schedules.\(schedule.name)", summary(of: schedule), source(SettingsTable.schedulesSection)]
            }
        }
        for handler in resolved.values.handlers {
            let source = resolved.handlerPlaces[handler.type].map { SettingSource.file($0).description } ?? ""
            rows += members(of: handler).map { ["handlers.\(handler.type).\($0)", $1, source] }
        }
        return table(rows)
    }

    private static func summary(of token: AccessToken) -> String {
        var words = token.scopes.names.joined(separator: ", ")
        if let types = token.types { words += " of " + types.sorted().joined(separator: ", ") }
        if let namespace = token.keyNamespace { words += "; keys of \(namespace)" }
        let quota = token.quota
        for (what, most) in [
            ("types", quota.types), ("pending tasks", quota.backlog), ("streams", quota.streams),
            ("workers", quota.workers), ("sessions", quota.sessions),
        ] {
            if let most { words += "; at most \(most) \(what)" }
        }
        return words
    }

    private static func summary(of schedule: Schedule) -> String {
        let rule =
            switch schedule.timing.rule {
            case .cron(let text): "\"\(text)\""
            case .every(let period, _): "every \(DurationText.format(period))"
            }
        return "\(rule) \(schedule.timing.timeZone): \(schedule.task.type)"
    }

    /// Returns the settings with their defaults and descriptions, wrapped to the width of a terminal.
    static func help() -> String {
        let fresh = ServeConfiguration()
        return SettingsTable.all
            .map { setting in
                let value = setting.read(fresh)
                let off =
                    (setting.offFlag.map { "; \($0) for false" } ?? "")
                    + (setting.onFlag.map { "; \($0) for true" } ?? "")
                let head = "  \(setting.flag) (default: \(value.isEmpty ? "none" : value)\(off))"
                return head + "\n" + wrapped(setting.help, indentation: "      ")
            }
            .joined(separator: "\n")
    }

    private static func wrapped(_ text: String, indentation: String) -> String {
        let width = 78
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let line = lines.last, line.count + word.count < width {
                lines[lines.count - 1] = line + " " + word
            } else {
                lines.append(indentation + word)
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func members(of handler: HandlerDefinition) -> [(String, String)] {
        switch handler.runner {
        case .program(let program): members(of: program, handler)
        case .service(let webhook): members(of: webhook, handler)
        }
    }

    private static func members(of program: ExecProgram, _ handler: HandlerDefinition) -> [(String, String)] {
        let command = [program.path] + program.arguments
        var members = [("exec", "[" + command.map { "\"\($0)\"" }.joined(separator: ", ") + "]")]
        members.append(("max_concurrency", handler.maxConcurrency.map(String.init) ?? "none"))
        members.append(("working_directory", program.workingDirectory))
        members.append(("max_output", ByteSizeText.format(program.maxOutput)))
        // Values may be secrets; names are enough to see what is set.
        if !program.inheritedVariables.isEmpty {
            members.append(("env_from", program.inheritedVariables.joined(separator: ", ")))
        }
        for name in program.environment.keys.sorted() { members.append(("env.\(name)", "(set)")) }
        return members
    }

    private static func members(of webhook: Webhook, _ handler: HandlerDefinition) -> [(String, String)] {
        // A query may contain a key.
        let url = webhook.url.split(separator: "?", maxSplits: 1)
        var members = [("webhook", url.count > 1 ? "\(url[0])?(set)" : webhook.url)]
        members.append(("max_concurrency", handler.maxConcurrency.map(String.init) ?? "none"))
        members.append(("secret", webhook.secret?.description ?? "none"))
        members.append(("timeout", DurationText.format(webhook.timeout)))
        members.append(("max_response", ByteSizeText.format(webhook.maxResponse)))
        for name in webhook.headers.keys.sorted() { members.append(("headers.\(name)", "(set)")) }
        return members
    }

    private static func table(_ rows: [[String]]) -> String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        return
            rows
            .map { row in
                row.enumerated()
                    .map { column, cell in
                        let isLast = column == row.count - 1
                        return isLast
                            ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
                    }
                    .joined(separator: "  ")
            }
            .joined(separator: "\n")
    }
}
