-- The server: how it is started, and again when it has died, what it says of itself, and requests.
--
-- Owns the client. What is drawn is left to `ghost`, `edit` and `next`, what is told of tasks to
-- `tasks`.

local options = require('spark.options')

local M = {}

local MISSING =
  'spark-lsp was not found: install it, or set vim.g.spark.cmd, see :checkhealth spark'
local RESTS = { 200, 500, 1000, 2000, 5000 }
local CALM = 60000 -- milliseconds without a death after which the first rest is enough again

---@type { kind: string, message: string, busy: boolean }
M.status = { kind = 'Inactive', message = 'the server is not running', busy = false }

---@type table<string|integer, fun(value: table)>
local listeners = {}
local deaths, died, leaving = 0, 0, false
local tokens = 0

--- Return the client that serves a buffer, if there is one.
---@param bufnr? integer
---@return vim.lsp.Client?
function M.client(bufnr)
  return vim.lsp.get_clients({ name = 'spark', bufnr = bufnr })[1]
end

--- Say something to the person.
---@param message string
---@param level? integer
function M.say(message, level)
  vim.notify('spark: ' .. message, level or vim.log.levels.INFO)
end

--- Show anew how things stand.
function M.changed()
  vim.api.nvim_exec_autocmds('User', { pattern = 'SparkStatus', modeline = false })
  vim.cmd.redrawstatus({ bang = true })
end

local function progress(err, params, ctx)
  local listener = listeners[params.token]
  if listener then
    listener(params.value)
  else
    vim.lsp.handlers['$/progress'](err, params, ctx)
  end
end

local function exited()
  M.status = { kind = 'Error', message = 'the server has ended', busy = false }
  if leaving then
    return
  end
  local now = vim.uv.now()
  deaths = now - died > CALM and 1 or deaths + 1
  died = now
  local rest = RESTS[deaths]
  if not rest then
    M.say(
      'the server ends again and again: see :Spark log, then :Spark restart',
      vim.log.levels.ERROR
    )
    return
  end
  vim.defer_fn(function()
    if vim.lsp.is_enabled('spark') then
      vim.lsp.enable('spark')
    end
  end, rest)
end

--- Return the configuration for `vim.lsp.config`.
---@return vim.lsp.Config
function M.config()
  local own = options.get().renderer == 'own'
  return {
    cmd = function(dispatchers, config)
      local command = options.command()
      if not command then
        error('spark: ' .. MISSING, 0)
      end
      local quiet = vim.tbl_extend('force', dispatchers, {
        -- What Neovim says of an end has to be answered with Enter, in the middle of a word.
        on_exit = function()
          dispatchers.on_exit(0, 0)
        end,
      })
      return vim.lsp.rpc.start(command, quiet, { cwd = config.root_dir })
    end,
    root_markers = { '.spark-lsp.toml', '.git' },
    -- What tasks propose comes with the version of each text, and as operations on files, only for
    -- who announces this; Neovim takes it, but says nothing of it.
    capabilities = { workspace = { workspaceEdit = { documentChanges = true } } },
    init_options = next(options.get().settings) and options.get().settings or vim.empty_dict(),
    before_init = function(params)
      -- The server waits for the built-in client, which waits by itself; we ask with every key.
      if own then
        params.clientInfo.name = 'spark.nvim'
      end
    end,
    handlers = {
      ['$/progress'] = progress,
      didChangeStatus = function(_, status)
        M.status = status
        M.changed()
      end,
      ['spark/task/didChange'] = function(_, task, ctx)
        require('spark.tasks').hear(task, ctx.client_id)
      end,
      ['window/showMessageRequest'] = function(...)
        return require('spark.asks').hear(...)
      end,
    },
    on_init = function(client)
      require('spark.models').begun(client)
    end,
    on_exit = function(_, _, client)
      vim.schedule(function()
        require('spark.tasks').forget(client)
        exited()
      end)
    end,
  }
end

--- A buffer has its server.
---@param bufnr integer
function M.attached(bufnr)
  leaving = false
  if options.get().renderer == 'own' then
    require('spark.ghost').attach(bufnr)
  else
    vim.lsp.inline_completion.enable(true, { bufnr = bufnr })
  end
  require('spark.next').attach(bufnr)
end

--- End the server and start a new one.
function M.restart()
  leaving, deaths = true, 0
  local client = M.client()
  vim.lsp.enable('spark', false)
  vim.wait(2000, function()
    return client == nil or client:is_stopped()
  end, 20)
  vim.lsp.enable('spark')
end

--- Ask for something; partial results are told to `grows`. Returns the request, or nothing.
---@param bufnr integer
---@param method string
---@param params table
---@param done fun(result: any, err: lsp.ResponseError?)
---@param grows? fun(value: table)
---@return integer?
function M.request(bufnr, method, params, done, grows)
  local client = M.client(bufnr)
  if not client then
    return nil
  end
  local token
  if grows then
    tokens = tokens + 1
    token = 'spark-' .. tokens
    params.partialResultToken = token
    listeners[token] = grows
  end
  local sent, id = client:request(method, params, function(err, result)
    if token then
      listeners[token] = nil
    end
    done(result, err)
  end, bufnr)
  return sent and id or nil
end

--- Tell the server something.
---@param bufnr integer
---@param method string
---@param params table
function M.notify(bufnr, method, params)
  local client = M.client(bufnr)
  if client then
    client:notify(method, params)
  end
end

--- Run a command of the server.
---@param bufnr integer
---@param name string
---@param arguments any[]
function M.run(bufnr, name, arguments)
  M.request(
    bufnr,
    'workspace/executeCommand',
    { command = name, arguments = arguments },
    function() end
  )
end

--- Return a document as requests name it, with the version that the server knows.
---@param bufnr integer
---@return table
function M.document(bufnr)
  return { uri = vim.uri_from_bufnr(bufnr), version = vim.lsp.util.buf_versions[bufnr] }
end

--- Return the cursor as a position of the protocol.
---@param client vim.lsp.Client
---@return lsp.Position
function M.position(client)
  return vim.lsp.util.make_position_params(0, client.offset_encoding).position
end

--- Return the byte column of a position in a buffer.
---@param bufnr integer
---@param client vim.lsp.Client
---@param position lsp.Position
---@return integer
function M.column(bufnr, client, position)
  local line = vim.api.nvim_buf_get_lines(bufnr, position.line, position.line + 1, false)[1] or ''
  return vim.str_byteindex(line, client.offset_encoding, position.character, false)
end

return M
