using System.Text.Json;

namespace Orchestrator.Inference.Text;

/// <summary>What <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c> and <c>config.json</c> say beside the vocabulary.</summary>
internal sealed class TokenizerSettings
{
    private readonly JsonFile? _config;
    private readonly JsonFile? _special;
    private readonly JsonFile? _model;
    private readonly string _folder;

    private TokenizerSettings(string folder)
    {
        _folder = folder;
        (_config, _special, _model) = (Optional("tokenizer_config.json"), Optional("special_tokens_map.json"), Optional("config.json"));
    }

    public static TokenizerSettings Read(string folder) => new(folder);

    /// <summary>A special token, written as a string or as an object with content; null when not stated.</summary>
    public string? Token(string field) => Token(_config, field) ?? Token(_special, field);

    /// <summary>True or false from tokenizer_config.json.</summary>
    public bool Flag(string field, bool fallback) => _config?.Flag(field, fallback) ?? fallback;

    /// <summary>
    /// Length of a row: the smaller of model_max_length and the text model's positions. Some configs carry 1e30 for "no limit";
    /// where neither bounds it, <paramref name="fallback"/>.
    /// </summary>
    public int Context(int fallback, int least)
    {
        var stated = _config?.Number("model_max_length", fallback) ?? fallback;
        var positions = double.PositiveInfinity;
        if (_model is not null)
        {
            var text = _model.Find("text_config") is { ValueKind: JsonValueKind.Object } nested ? nested : _model.Root;
            positions = text.TryGetProperty("max_position_embeddings", out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : positions;
        }

        var context = Math.Min(stated, positions);
        context = context > 100_000 ? fallback : context;
        return context >= least && context == Math.Floor(context)
            ? (int)context
            : throw new ModelContractException(_config?.Path ?? _folder, "model_max_length", $"a whole number of at least {least}", context.ToString("R"));
    }

    private JsonFile? Optional(string name)
    {
        var path = Path.Combine(_folder, name);
        return File.Exists(path) ? JsonFile.Read(path) : null;
    }

    private static string? Token(JsonFile? file, string field) => file?.Find(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Object } token when token.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String => content.GetString(),
        var other => throw file.Wrong(field, "a token or an object with content", other.Value),
    };
}
