import Foundation

/// Extensions of `posix_spawn` beyond POSIX.
///
/// The C library has these functions, but its headers declare them for Swift only on some systems, so they are looked
/// up by name.
enum SpawnExtras {
    private typealias AddFolder =
        @convention(c) (UnsafeMutablePointer<Spawn.Actions>, UnsafePointer<CChar>) -> Int32
    private typealias AddCloseFrom = @convention(c) (UnsafeMutablePointer<Spawn.Actions>, Int32) -> Int32

    /// Starts the program in another working directory.
    static func changeFolder(_ actions: inout Spawn.Actions, _ path: String) {
        function("posix_spawn_file_actions_addchdir_np", as: AddFolder.self).map { _ = $0(&actions, path) }
    }

    /// Closes all inherited files in the program, whatever their flags.
    static func closeFiles(_ actions: inout Spawn.Actions, from first: Int32) {
        function("posix_spawn_file_actions_addclosefrom_np", as: AddCloseFrom.self)
            .map { _ = $0(&actions, first) }
    }

    private static func function<Function>(_ name: String, as _: Function.Type) -> Function? {
        #if canImport(Darwin)
        let everywhere = UnsafeMutableRawPointer(bitPattern: -2)
        #else
        let everywhere: UnsafeMutableRawPointer? = nil
        #endif
        return dlsym(everywhere, name).map { unsafeBitCast($0, to: Function.self) }
    }
}
