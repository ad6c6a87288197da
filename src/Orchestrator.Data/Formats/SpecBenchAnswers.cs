using System.Globalization;
using Orchestrator.Domain.Evaluation.Tracing;

namespace Orchestrator.Data.Formats;

/// <summary>One turn's answer.</summary>
/// <param name="Trace">Its rounds.</param>
/// <param name="Text">Its text.</param>
public sealed record AnsweredTurn(RequestTrace Trace, string Text);

/// <summary>
/// Spec-Bench's answer files (<c>question_id category answer_id model_id choices tstamp</c>), which its own <c>speed.py</c>
/// reads: a choice a sample, with <c>turns decoding_steps new_tokens wall_time</c> a turn and <c>accept_lengths</c> over all
/// turns. <c>tstamp</c> is 0: the file holds no time of day. <c>wall_time</c> is the decode time of the speed lane, 0 where only
/// acceptance was measured.
/// </summary>
public static class SpecBenchAnswers
{
    /// <summary>Writes a prompt's line.</summary>
    /// <param name="output">Receives the line.</param>
    /// <param name="model">The cell's id.</param>
    /// <param name="turns">All turns of all samples of one prompt, in order of their keys; failed ones are left out, and a prompt without any has no line.</param>
    public static void Write(Stream output, string model, IReadOnlyList<AnsweredTurn> turns)
    {
        var good = turns.Where(turn => turn.Trace.Outcome == RequestOutcome.Ok).ToList();
        if (good.Count == 0)
        {
            return;
        }

        var first = good[0].Trace;
        output.Write(JsonText.Line(json =>
        {
            json.WriteStartObject();
            if (long.TryParse(first.Key.Prompt, CultureInfo.InvariantCulture, out var number))
            {
                json.WriteNumber("question_id", number);
            }
            else
            {
                json.WriteString("question_id", first.Key.Prompt);
            }

            json.WriteString("category", first.Category);
            json.WriteString("answer_id", $"{model}/{first.Key.Prompt}");
            json.WriteString("model_id", model);
            json.WriteStartArray("choices");
            foreach (var sample in good.GroupBy(turn => turn.Trace.Key.Sample))
            {
                json.WriteStartObject();
                json.WriteNumber("index", sample.Key);
                Array("turns", sample, turn => json.WriteStringValue(turn.Text));
                Array("decoding_steps", sample, turn => json.WriteNumberValue(turn.Trace.Steps.Count));
                Array("new_tokens", sample, turn => json.WriteNumberValue(turn.Trace.OutputTokens));
                Array("wall_time", sample, turn => json.WriteNumberValue(turn.Trace.Steps.Sum(s => s.Microseconds) / 1e6));
                Array("accept_lengths", sample.SelectMany(turn => turn.Trace.Steps), step => json.WriteNumberValue(step.Emitted));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteNumber("tstamp", 0);
            json.WriteEndObject();

            void Array<T>(string name, IEnumerable<T> items, Action<T> write)
            {
                json.WriteStartArray(name);
                foreach (var item in items)
                {
                    write(item);
                }

                json.WriteEndArray();
            }
        }));
        output.WriteByte((byte)'\n');
    }
}
