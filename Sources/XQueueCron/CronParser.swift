extension CronExpression {
    /// Maximum length, in bytes.
    public static let maxBytes = 256

    private static let macros = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    /// Parses five fields, six with seconds first, or a macro such as `@daily`.
    ///
    /// - Parameters:
    ///   - text: The expression.
    ///   - name: What `H` is derived from, for each field apart; the same name always gives the same times.
    /// - Throws: ``Mistake``, also if the expression never matches.
    public init(_ text: String, name: String) throws(Mistake) {
        guard text.utf8.count <= Self.maxBytes else {
            throw Mistake("an expression must have at most \(Self.maxBytes) bytes")
        }
        // Some other letters become ASCII ones in upper case.
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { throw Mistake("an expression must be in ASCII") }
        var words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        self.text = words.joined(separator: " ")
        if let first = words.first, first.hasPrefix("@") { words = try Self.expand(first, words.count) }
        guard words.count == 5 || words.count == 6 else {
            throw Mistake(
                "an expression must have 5 fields, or 6 with seconds first, but this has \(words.count)")
        }
        if words.count == 6 { seconds = try CronField.second.parse(words.removeFirst(), name).mask }
        let minute = try CronField.minute.parse(words[0], name)
        let hour = try CronField.hour.parse(words[1], name)
        let day = try CronField.day.parse(words[2], name)
        let month = try CronField.month.parse(words[3], name)
        let weekday = try CronField.weekday.parse(words[4], name)
        (minutes, hours, days, months) = (minute.mask, hour.mask, day.mask, month.mask)
        hasLastDay = day.hasLast
        weekdays.every = UInt8(weekday.mask)
        weekdays.numbered = weekday.numbered
        weekdays.last = weekday.lastWeekdays
        joinsDays = day.isStar || weekday.isStar
        isRepeating = minute.isRepeating || hour.isRepeating
        // Any 400 years have the same days, and an expression that matches once in them does so within the search's limit.
        guard next(from: 0) != nil else {
            let isHashed = self.text.uppercased().contains("H")
            throw Mistake("\"\(self.text)\"\(isHashed ? ", with the name \(name)," : "") never matches")
        }
    }

    private static func expand(_ macro: String, _ words: Int) throws(Mistake) -> [String] {
        guard let meaning = macros[macro.lowercased()] else {
            let known = macros.keys.sorted().joined(separator: ", ")
            let hint = macro.lowercased() == "@every" ? "; for a period use `every` instead of `cron`" : ""
            throw Mistake("\"\(macro)\" is not known; these are: \(known)\(hint)")
        }
        guard words == 1 else { throw Mistake("\"\(macro)\" must stand alone") }
        return meaning.split(separator: " ").map(String.init)
    }
}

extension CronExpression.Mistake {
    /// A mistake of the expression as a whole.
    init(_ message: String) {
        self.init(field: nil, message: message)
    }
}
