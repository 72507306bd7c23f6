-- Background tasks: which there are, what is asked of them, and who is told when one is over.
--
-- Owns what the server has told of them. How they are listed is left to `board`, what is made of
-- their results to `review`, what they ask the person to `asks`.

local options = require('spark.options')
local server = require('spark.server')

local M = {}

---@class spark.Task as the server tells it, see `spark/task/didChange`
---@field taskId string
---@field instruction string
---@field state string
---@field alive boolean
---@field client integer who has told of it

---@type table<string, spark.Task>
local known = {}

--- Return the tasks that are known, the newest first.
---@return spark.Task[]
function M.all()
  local found = vim.tbl_values(known)
  table.sort(found, function(one, other)
    return one.began > other.began or (one.began == other.began and one.taskId > other.taskId)
  end)
  return found
end

--- Return a task by its name.
---@param id? string
---@return spark.Task?
function M.get(id)
  return id and known[id] or nil
end

--- Return an instruction in one short line.
---@param task spark.Task
---@param width? integer
---@return string
function M.title(task, width)
  local said = task.instruction ~= '' and task.instruction or 'finish what was begun'
  local line = vim.split(said, '\n', { plain = true })[1]
  local most = width or 30
  return vim.fn.strchars(line) > most and vim.fn.strcharpart(line, 0, most - 1) .. '…' or line
end

--- What stands for how a task ended, in a sentence that says what can be done about it.
local function ended(task)
  local name = ('the task “%s” '):format(M.title(task))
  if task.state == 'done' then
    return name .. 'is done: :Spark review', vim.log.levels.INFO
  elseif task.state == 'interrupted' then
    return name .. 'is interrupted: :Spark review', vim.log.levels.INFO
  end
  return name .. 'has failed: :Spark tasks', vim.log.levels.WARN
end

--- Take in what the server tells of a task.
---@param told table
---@param client integer
function M.hear(told, client)
  local before = known[told.taskId]
  if told.gone then
    known[told.taskId] = nil
  else
    told.client = client
    known[told.taskId] = told
  end
  if before and before.alive and not told.gone and not told.alive then
    server.say(ended(told))
  end
  if not vim.iter(vim.tbl_values(known)):any(function(task)
    return task.alive
  end) then
    require('spark.asks').drop()
  end
  require('spark.board').draw()
end

--- Forget what a server has told that has ended: the next one tells it anew.
---@param client integer
function M.forget(client)
  for id, task in pairs(known) do
    if task.client == client then
      known[id] = nil
    end
  end
  require('spark.asks').drop()
  require('spark.board').draw()
end

--- Return the client that knows a task, else that of the current buffer, else any.
---@param id? string
---@return vim.lsp.Client?
function M.client(id)
  local task = M.get(id)
  return task and vim.lsp.get_client_by_id(task.client)
    or server.client(vim.api.nvim_get_current_buf())
    or server.client()
end

--- Ask something of tasks; what is refused is said.
---@param method string
---@param params table
---@param done? fun(result: any, client: vim.lsp.Client)
function M.ask(method, params, done)
  local client = M.client(params.taskId)
  if not client then
    server.say('no server is attached here: see :checkhealth spark', vim.log.levels.WARN)
    return
  end
  client:request('spark/task/' .. method, params, function(err, result)
    if err then
      server.say(err.message, vim.log.levels.WARN)
    elseif done then
      done(result, client)
    end
  end)
end

--- Return what a range of lines is, as a selection.
local function selection(bufnr, client, first, last)
  local line = vim.api.nvim_buf_get_lines(bufnr, last - 1, last, false)[1] or ''
  return {
    uri = vim.uri_from_bufnr(bufnr),
    range = {
      start = { line = first - 1, character = 0 },
      ['end'] = { line = last - 1, character = vim.str_utfindex(line, client.offset_encoding) },
    },
  }
end

--- Begin a task; lines count from 1 and are those that it is about, if there are some.
---@param mode 'task'|'finish'
---@param instruction string
---@param first? integer
---@param last? integer
function M.start(mode, instruction, first, last)
  local bufnr = vim.api.nvim_get_current_buf()
  local params = { instruction = instruction, mode = mode, commands = options.get().commands }
  local here = server.client(bufnr)
  if here and vim.api.nvim_buf_get_name(bufnr) ~= '' then
    params.documents = { vim.uri_from_bufnr(bufnr) }
    if first and last then
      params.selection = selection(bufnr, here, first, last)
    end
  end
  M.flush(here or M.client())
  M.ask('start', params, function()
    server.say('a task has begun: :Spark tasks')
  end)
end

--- Tell a task something more; one that is not at work is taken up again.
---@param id string
---@param instruction string
function M.steer(id, instruction)
  M.ask('steer', { taskId = id, instruction = instruction })
end

--- Have the server know all that has been typed, also in buffers that nothing is asked about now.
---@param client? vim.lsp.Client
function M.flush(client)
  -- A request sends only what was typed in its own buffer; the rest may wait for 150 ms.
  local found, tracking = pcall(require, 'vim.lsp._changetracking')
  if client and found and tracking.flush then
    tracking.flush(client)
  end
end

return M
