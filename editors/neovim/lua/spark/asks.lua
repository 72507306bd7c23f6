-- What the server asks the person, held until they want to answer.
--
-- Owns the questions. Neovim's own handler asks at once and takes the next keys for the answer:
-- who is typing a word then might allow a command without having read what it is.

local server = require('spark.server')

local M = {}

---@type { params: lsp.ShowMessageRequestParams, answer: fun(choice: any) }[]
local waiting = {}

local function told()
  server.say('a task asks for something: :Spark answer')
end

--- Hear a question; returns when it is answered, and holds up nothing meanwhile.
---@param err any
---@param params lsp.ShowMessageRequestParams
---@param ctx table
function M.hear(err, params, ctx)
  local co, main = coroutine.running()
  if not next(params.actions or {}) or not co or main then
    return vim.lsp.handlers['window/showMessageRequest'](err, params, ctx)
  end
  waiting[#waiting + 1] = {
    params = params,
    answer = function(choice)
      coroutine.resume(co, choice)
    end,
  }
  told()
  return coroutine.yield()
end

--- Show the oldest question; one that is not answered is kept. Returns whether there is one.
---@return boolean
function M.show()
  local it = waiting[1]
  if not it then
    return false
  end
  vim.ui.select(it.params.actions, {
    kind = 'lsp_message',
    prompt = it.params.message,
    format_item = function(action)
      return action.title
    end,
  }, function(choice)
    if choice and waiting[1] == it then
      table.remove(waiting, 1)
      vim.schedule(function()
        it.answer(choice)
        if waiting[1] then
          told()
        end
      end)
    end
  end)
  return true
end

--- Nobody waits for answers any more.
function M.drop()
  local left = waiting
  waiting = {}
  for _, it in ipairs(left) do
    it.answer(vim.NIL)
  end
end

return M
