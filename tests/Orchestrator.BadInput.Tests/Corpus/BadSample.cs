using Orchestrator.Worker.Tests.Curation;

namespace Orchestrator.BadInput.Tests.Corpus;

/// <summary>A sample that something is odd about, and where it must end.</summary>
/// <param name="Name">Its key in the shard.</param>
/// <param name="How">How it is made, for people.</param>
/// <param name="Members">Extension and bytes of each member.</param>
/// <param name="End"><c>kept</c>, or state and reason as <c>quarantined:image-truncated</c>.</param>
internal sealed record BadSample(string Name, string How, (string Extension, byte[] Data)[] Members, string End)
{
    public const string Kept = "kept";

    /// <summary>A caption that every rule keeps.</summary>
    public static byte[] Caption { get; } = "a fine grey square"u8.ToArray();

    /// <summary>An image that every rule keeps.</summary>
    public static byte[] Picture { get; } = Tars.Png(120, 240, 240);

    /// <summary>An odd image with a good caption.</summary>
    public static BadSample Image(string name, string how, byte[] image, string end, string extension = "jpg") => new(name, how, [(extension, image), ("txt", Caption)], end);

    /// <summary>A good image with an odd caption.</summary>
    public static BadSample Text(string name, string how, byte[] text, string end) => new(name, how, [("png", Picture), ("txt", text)], end);

    /// <summary>A good image and caption with an odd JSON.</summary>
    public static BadSample Json(string name, string how, byte[] json, string end) => new(name, how, [("png", Picture), ("txt", Caption), ("json", json)], end);

    public override string ToString() => Name;
}
