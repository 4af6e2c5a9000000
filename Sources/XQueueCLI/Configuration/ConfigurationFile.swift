import Foundation
import XQueueServer
import Yams

/// A configuration file whose every key is known, and the lines they stand on.
///
/// The values are answered by the YAML provider; this type only makes sure that nothing in the file would
/// be silently ignored, and reads the `handlers` section, which is no setting.
struct ConfigurationFile: Sendable {
    let path: String
    /// False if the file holds nothing but comments, which the YAML provider refuses.
    let hasContent: Bool
    /// Where each setting stands.
    let places: [String: FilePlace]
    let handlers: [HandlerDefinition]
    /// Where each handler stands, by its type.
    let handlerPlaces: [String: FilePlace]
    /// The tokens of the section `auth.tokens`.
    let tokens: [AccessToken]

    /// - Throws: ``ConfigurationError`` if the file cannot be read, is not YAML, or has a key nobody knows.
    init(
        path: String, settings: [Setting], environment: [String: String] = [:]
    ) throws(ConfigurationError) {
        self.path = path
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw ConfigurationError(.configuration, ["\(path): the file cannot be read as text"])
        }
        let root = try Self.root(of: text, path: path)
        var walk = ConfigurationFileWalk(path: path, settings: settings, environment: environment)
        if let root { walk.root(root) }
        guard walk.problems.isEmpty else { throw ConfigurationError(.configuration, walk.problems) }
        hasContent = root != nil
        places = walk.places
        handlers = walk.handlers
        handlerPlaces = walk.handlerPlaces
        tokens = walk.tokens
    }

    private static func root(of text: String, path: String) throws(ConfigurationError) -> Node? {
        do {
            guard let node = try Yams.compose(yaml: text) else { return nil }
            if node.scalar?.string.isEmpty == true { return nil }
            return node
        } catch let error as YamlError {
            let (problem, mark) = Self.explain(error)
            let place = FilePlace(path: path, line: mark?.line)
            throw ConfigurationError(.configuration, ["\(place): \(problem)"])
        } catch {
            throw ConfigurationError(.configuration, ["\(path): \(error)"])
        }
    }

    private static func explain(_ error: YamlError) -> (String, Mark?) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            ("the file is not YAML: \(problem)", mark)
        case .duplicatedKeysInMapping(let duplicates, let context):
            ("'\(duplicates.joined(separator: "', '"))' stands there twice", context.mark)
        default:
            ("the file is not YAML: \(error)", nil)
        }
    }
}
