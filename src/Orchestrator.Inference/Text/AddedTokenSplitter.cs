namespace Orchestrator.Inference.Text;

/// <summary>A stretch of text, or a token found in it.</summary>
/// <param name="Text">The stretch; empty for a token.</param>
/// <param name="Token">The token, or null.</param>
internal readonly record struct TextPart(string Text, AddedToken? Token);

/// <summary>Cuts text at added tokens, earliest first and longest at one place.</summary>
internal static class AddedTokenSplitter
{
    public static IEnumerable<TextPart> Split(string text, AddedToken[] tokens)
    {
        var done = 0;
        while (done < text.Length)
        {
            var at = -1;
            AddedToken? found = null;
            foreach (var token in tokens)
            {
                var place = text.IndexOf(token.Content, done, StringComparison.Ordinal);
                if (place >= 0 && (found is null || place < at || (place == at && token.Content.Length > found.Content.Length)))
                {
                    (at, found) = (place, token);
                }
            }

            if (found is null)
            {
                yield return new TextPart(done == 0 ? text : text[done..], null);
                yield break;
            }

            if (at > done)
            {
                yield return new TextPart(text[done..at], null);
            }

            yield return new TextPart("", found);
            done = at + found.Content.Length;
        }
    }
}
